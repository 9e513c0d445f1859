// The ROC curve and the area under it: how well scores rank positive above negative rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/evaluation/class_average.h"

namespace tenbin {

/// Options of roc_curve.
struct RocCurveOptions {
  /// The positive label: scores grow with it; all other labels are negative. Not set: labels are 0 and 1, and
  /// 1 is positive.
  std::optional<std::int64_t> pos_label = {};
  Array sample_weight = {};       ///< float (N), >= 0
  bool drop_intermediate = true;  ///< leave out points on the line between their neighbours
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// Point i is reached by predicting positive where the score is at least `thresholds[i]`.
struct RocCurve {
  std::vector<double> fpr;         ///< false positive rate, FP / (FP + TN): from 0 to 1
  std::vector<double> tpr;         ///< true positive rate, TP / (TP + FN): from 0 to 1
  std::vector<double> thresholds;  ///< descending; the first is infinite: no row is predicted positive
};

/// The receiver operating characteristic (scikit-learn: `roc_curve`). Rows with equal scores give one point,
/// so the curve does not depend on the order of the rows.
///
/// t: integer (N). y: float32 or float64, scores (N) or (N, 1) that grow with the positive class, also
/// infinite; or probabilities (N, C), whose column of the positive class is read. Errors: shapes and dtypes
/// that do not fit; NaN; rows that are not probabilities; without `pos_label` labels other than 0 and 1; a
/// label outside [0, C); no positive or no negative rows.
///
///     auto [fpr, tpr, thresholds] = roc_curve(t, p);
///     roc_curve(t, softmax(model(x)).data(), {.pos_label = 6});    // class 6 against the rest
///     roc_curve(t, margins, {.pos_label = 1});                     // t of -1 and 1
RocCurve roc_curve(const Array& t, const Array& y, const RocCurveOptions& options = {});

/// How ROC-AUC, which is defined for two classes, is extended to more.
enum class MultiClass : unsigned char {
  ovr,  ///< every class against all others
  ovo,  ///< every pair of classes (Hand and Till, "A simple generalisation of the area under the ROC curve
        ///< for multiple class classification problems", Machine Learning 45, 2001)
};

/// Options of roc_auc_score.
struct RocAucOptions {
  ClassAverage average = ClassAverage::macro;  ///< for more than two classes
  Array sample_weight = {};                    ///< float (N), >= 0
  /// The area over fpr in [0, max_fpr] only, scaled so that chance level is 0.5 and the best value 1
  /// (McClish, "Analyzing a portion of the ROC curve", 1989); for two classes.
  std::optional<double> max_fpr = {};
  MultiClass multi_class = MultiClass::ovr;
  std::optional<std::int64_t> pos_label = {};  ///< as in roc_curve: this class against the rest
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// The area under the ROC curve (scikit-learn: `roc_auc_score`): the probability that a positive row has a
/// higher score than a negative one, equal scores counting one half (Mann and Whitney's U / (P N)). Class
/// weights and resampling shift the best threshold but hardly change this area.
///
/// t, y: as in roc_curve. For probabilities of more than two classes it is averaged over classes or pairs of
/// classes. A class that does not occur is an error with `ovr` and `macro`; with `weighted` its weight is 0;
/// `ovo` leaves its pairs out, as scikit-learn does. `ovo` with `weighted` weights a pair by its share of the
/// rows.
///
/// Without weights the result is exact up to one rounding and does not depend on the order of the rows. Ten
/// million rows take about a second on one core. Errors: those of roc_curve; `max_fpr` outside (0, 1], or
/// with more than two classes; `sample_weight` with `ovo`.
///
///     roc_auc_score(t, p);
///     roc_auc_score(t, softmax(model(x)).data(), {.multi_class = MultiClass::ovo});
double roc_auc_score(const Array& t, const Array& y, const RocAucOptions& options = {});

/// The same for every class against the rest (scikit-learn: `average=None`). NaN for a class without rows, or
/// with all rows.
///
/// y: probabilities (N, C). Errors: those of roc_curve.
std::vector<double> roc_auc_per_class(const Array& t, const Array& y, const PerClassOptions& options = {});

}  // namespace tenbin
