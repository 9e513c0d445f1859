// Matthews' correlation coefficient (MCC) and Cohen's kappa: agreement with the true labels beyond chance.
#pragma once

#include <limits>

#include "tenbin/evaluation/confusion_matrix.h"

namespace tenbin {

/// Matthews' correlation coefficient, for more than two classes R_K (Gorodkin, "Comparing two K-category
/// assignments by a K-category correlation coefficient", 2004; scikit-learn: `matthews_corrcoef`):
///
///     MCC = (c s - sum_k t_k p_k) / sqrt((s^2 - sum_k p_k^2) (s^2 - sum_k t_k^2))
///
/// with s rows, c of them right, class k being true t_k and predicted p_k times. 1 is perfect, 0 is chance
/// level; 0 if only one class is true, or only one is predicted.
///
///     matthews_corrcoef({t, y});
double matthews_corrcoef(const ConfusionMatrix& matrix);

/// The cost of taking one class for another.
enum class KappaWeights : unsigned char {
  none,       ///< 1
  linear,     ///< |i - j|, for ordered classes
  quadratic,  ///< (i - j)^2
};

/// Options of cohen_kappa_score.
struct CohenKappaOptions {
  KappaWeights weights = KappaWeights::none;
  /// The value for 0/0, where chance alone agrees perfectly: all rows of one class, or no rows.
  double replace_undefined_by = std::numeric_limits<double>::quiet_NaN();
};

/// Cohen's kappa (Cohen, "A coefficient of agreement for nominal scales", 1960; scikit-learn:
/// `cohen_kappa_score`): 1 - cost / cost expected by chance, which without weights is (p_o - p_e) / (1 -
/// p_e).
///
///     cohen_kappa_score({t, y}, {.weights = KappaWeights::quadratic});
double cohen_kappa_score(const ConfusionMatrix& matrix, const CohenKappaOptions& options = {});

}  // namespace tenbin
