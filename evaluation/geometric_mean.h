// Geometric means of recall and specificity: the G-mean of averages, of every class, and the index balanced
// accuracy.
#pragma once

#include <vector>

#include "tenbin/evaluation/class_average.h"
#include "tenbin/evaluation/confusion_matrix.h"

namespace tenbin {

/// The geometric mean of averaged recall and averaged specificity, sqrt(recall * specificity).
/// (imbalanced-learn: `geometric_mean_score` with `average`. Its default, over the recalls of all classes, is
/// `ConfusionMatrix::g_mean`.) Recall and specificity of 0/0 are 0; the average of no values is NaN.
///
/// With sample weights the true negatives are counted by weight, where imbalanced-learn 0.14 counts rows.
///
///     geometric_mean_score({t, y}, ClassAverage::macro);
double geometric_mean_score(const ConfusionMatrix& matrix, ClassAverage average);

/// sqrt(recall * specificity) of every class against the rest (imbalanced-learn: `average=None`; Kubat and
/// Matwin, "Addressing the curse of imbalanced training sets", ICML 1997).
std::vector<double> geometric_mean_per_class(const ConfusionMatrix& matrix);

/// Options of index_balanced_accuracy.
struct IndexBalancedAccuracyOptions {
  double alpha = 0.1;   ///< weight of the dominance, recall - specificity
  bool squared = true;  ///< weight the square of the G-mean, or the G-mean itself
};

/// Index balanced accuracy of every class against the rest: a G-mean with higher weight for recall (García,
/// Sánchez and Mollineda, "On the effectiveness of preprocessing methods when dealing with different levels
/// of class imbalance", 2012; imbalanced-learn: `make_index_balanced_accuracy` of `geometric_mean_score`),
///
///     IBA = (1 + alpha (recall - specificity)) recall * specificity.
///
///     matrix.macro_average(index_balanced_accuracy(matrix));
std::vector<double> index_balanced_accuracy(const ConfusionMatrix& matrix,
                                            const IndexBalancedAccuracyOptions& options = {});

}  // namespace tenbin
