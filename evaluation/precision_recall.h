// Precision-recall curve and average precision, the metrics to prefer for a rare positive class.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/evaluation/class_average.h"

namespace tenbin {

/// Options of precision_recall_curve.
struct PrecisionRecallCurveOptions {
  /// The positive label: scores grow with it; all other labels are negative. Not set: labels are 0 and 1, and
  /// 1 is positive.
  std::optional<std::int64_t> pos_label = {};
  Array sample_weight = {};        ///< float (N), >= 0
  bool drop_intermediate = false;  ///< leave out thresholds within a run of equal recall
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// Point i is reached by predicting positive where the score is at least `thresholds[i]`.
struct PrecisionRecallCurve {
  std::vector<double> precision;   ///< TP / (TP + FP), and a last 1
  std::vector<double> recall;      ///< TP / (TP + FN), descending, and a last 0
  std::vector<double> thresholds;  ///< ascending; one fewer than points
};

/// Precision and recall at every threshold (scikit-learn: `precision_recall_curve`). Rows with equal scores
/// give one point. Without positive rows recall is 1 everywhere.
///
/// t, y: as in roc_curve. Errors: shapes and dtypes that do not fit; NaN; rows that are not probabilities; a
/// label other than 0 and 1 without `pos_label`, or outside [0, C); no rows.
///
///     auto [precision, recall, thresholds] = precision_recall_curve(t, p);
PrecisionRecallCurve precision_recall_curve(const Array& t, const Array& y,
                                            const PrecisionRecallCurveOptions& options = {});

/// Options of average_precision_score.
struct AveragePrecisionOptions {
  ClassAverage average = ClassAverage::macro;  ///< for more than two classes
  std::optional<std::int64_t> pos_label = {};  ///< as in roc_curve: this class against the rest
  Array sample_weight = {};                    ///< float (N), >= 0
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// The area under the precision-recall curve as a step function (scikit-learn: `average_precision_score`),
///
///     AP = sum_n (R_n - R_{n-1}) P_n
///
/// over thresholds n from the highest on. At chance level it is the share of positive rows. (The trapezoidal
/// rule would be too optimistic: Davis and Goadrich, "The relationship between precision-recall and ROC
/// curves", ICML 2006.)
///
/// t, y: as in roc_curve; averaged over the classes if there are more than two. For a class without positive
/// rows it is 0. Errors: those of precision_recall_curve.
///
///     average_precision_score(t, softmax(model(x)).data());
double average_precision_score(const Array& t, const Array& y, const AveragePrecisionOptions& options = {});

/// The same for every class against the rest (scikit-learn: `average=None`). 0 for a class without rows.
///
/// y: probabilities (N, C). Errors: those of precision_recall_curve.
std::vector<double> average_precision_per_class(const Array& t, const Array& y,
                                                const PerClassOptions& options = {});

}  // namespace tenbin
