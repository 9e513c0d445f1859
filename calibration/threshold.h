// Decision thresholds that maximise an objective on validation data. They do not change the training.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>

#include "tenbin/calibration/binary_fit_options.h"

namespace tenbin {

/// The four counts of a binary decision, by weight. Positive is the class `pos_label`. (If the largest weight
/// is above 2^900, or below 2^-900, all are multiplied by one power of two.)
struct BinaryOutcomes {
  double true_positive = 0;
  double false_positive = 0;
  double false_negative = 0;
  double true_negative = 0;
};

/// The objective of a threshold: larger is better; NaN means that the threshold is not allowed. It can be a
/// lambda:
///
///     tune_threshold(t, p, {[](const BinaryOutcomes& o) { return o.true_positive - 3 * o.false_positive;
///     }});
struct ThresholdObjective {
  std::function<double(const BinaryOutcomes&)> value;
  std::string name = "the objective";
};

namespace objective {

/// (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP); 0 where that is 0/0. Errors: beta is negative or not
/// finite.
ThresholdObjective f_beta(double beta = 1);
/// (recall + specificity) / 2.
ThresholdObjective balanced_accuracy();
/// sqrt(recall * specificity).
ThresholdObjective g_mean();
/// -(cost_fp FP + cost_fn FN) / N: minus the mean cost per sample. Errors: a cost that is negative or not
/// finite.
ThresholdObjective negative_cost(double cost_fp, double cost_fn);
/// Precision, among thresholds whose recall is at least `min_recall`: "find 80% of the positives with as few
/// false alarms as possible". Errors: outside [0, 1].
ThresholdObjective precision_at_recall(double min_recall);
/// Recall, among thresholds whose precision is at least `min_precision`. Errors: outside [0, 1].
ThresholdObjective recall_at_precision(double min_precision);
/// Recall, among thresholds that take at most `max_fpr` of the negatives for positive, FP / (FP + TN): recall
/// at a false-alarm budget. Errors: outside [0, 1].
ThresholdObjective recall_at_false_positive_rate(double max_fpr);
/// Recall, among thresholds that predict positive for at most `max_rate` of all rows, (TP + FP) / N: "we can
/// look at 50 cases a day, of 10,000" is 0.005. Errors: outside [0, 1].
ThresholdObjective recall_at_alarm_rate(double max_rate);

/// An objective from a text, as a command line or a configuration file has it:
///
///     recall >= 0.9        precision_at_recall(0.9)
///     precision >= 0.5     recall_at_precision(0.5)
///     fpr <= 0.01          recall_at_false_positive_rate(0.01)
///     alarms <= 0.005      recall_at_alarm_rate(0.005)
///     f1, f2, f0.5         f_beta(1), f_beta(2), f_beta(0.5)
///     balanced accuracy    balanced_accuracy()
///     g-mean               g_mean()
///     cost 1:50            negative_cost(1, 50): a miss costs as much as 50 false alarms
///
/// Shares can be percentages, `90%`; blanks and letter case do not matter. Errors: another text, those of the
/// functions.
///
///     tune_threshold(t, p, objective::parse("recall >= 0.9"));
ThresholdObjective parse(const std::string& text);

}  // namespace objective

/// The result of `tune_threshold`. Structured bindings are `auto [threshold, value]`. A Decision is made of
/// it, and saved.
struct TunedThreshold {
  double threshold = 0.5;  ///< predict positive from this score on; infinite where always or never is best
  double value = 0;        ///< the objective on the validation data; being a maximum, it is optimistic
  std::int64_t pos_class = 1;  ///< the index of the positive class, labels in ascending order: 0 or 1

  // For structured bindings.
  template <std::size_t I>
  double get() const {
    return I == 0 ? threshold : value;
  }
};

/// The threshold that maximises an objective, over all possible thresholds: one sort and one pass.
/// (scikit-learn: `TunedThresholdClassifierCV`, which tries 100.)
///
/// t: integer (N), two labels (see BinaryFitOptions); scores: float32 or float64 (N) or (N, 1), any finite
/// numbers that grow with the positive class, or probabilities (N, 2). Equal scores always get the same
/// decision. The threshold is the midpoint of two neighbouring scores, where scikit-learn's curves use the
/// upper one, which favours the negative class on new data; it is -inf if always predicting positive is best,
/// inf if never. Ties are decided by the highest balanced accuracy, then by the lowest threshold.
///
/// Use validation data that the model was not trained on. Errors: shapes and dtypes that do not fit; a score
/// that is not finite; labels that do not fit; a class without samples; no threshold is allowed by the
/// objective.
///
///     auto [threshold, f1] = tune_threshold(valid.t, softmax(model(valid.x)).data(), objective::f_beta());
///     Array y = predict_with_threshold(softmax(model(test.x)).data(), threshold);
TunedThreshold tune_threshold(const Array& t, const Array& scores, const ThresholdObjective& objective,
                              const BinaryFitOptions& options = {});

/// Options of predict_with_threshold: the labels of the two classes.
struct PredictWithThresholdOptions {
  std::int64_t pos_label = 1;
  std::optional<std::int64_t> neg_label = {};  ///< not set: 0, or 1 if `pos_label` is 0
};

/// `pos_label` where the score is at least the threshold, `neg_label` elsewhere: int64 (N), compared in
/// float64.
///
/// scores: as in `tune_threshold`, and of the same positive class. Errors: scores that do not fit, or are not
/// finite; a threshold of NaN; equal labels; a `pos_label` other than 0 and 1 without `neg_label`.
///
///     predict_with_threshold(p, threshold);                      // 1 from the threshold on
///     predict_with_threshold(p, threshold, {.pos_label = 0});    // 0 from the threshold on
Array predict_with_threshold(const Array& scores, double threshold,
                             const PredictWithThresholdOptions& options = {});

/// The class with the lowest expected cost, argmin_k sum_c p[i, c] cost[c, k] (Elkan, "The foundations of
/// cost-sensitive learning", IJCAI 2001): int64 (N). For two classes, with no cost for correct decisions, it
/// is class 1 if p > cost_fp / (cost_fp + cost_fn).
///
/// probabilities: float32 or float64 (N, C), which must be calibrated. cost: float (C, C), the true class by
/// row and the predicted one by column, as in a confusion matrix; gains are negative. Ties go to the first
/// class. Errors: rows that are not probabilities; a cost of another shape or not finite.
///
///     argmin_expected_cost(p, {{0., 1.}, {50., 0.}});    // a miss costs as much as 50 false alarms
Array argmin_expected_cost(const Array& probabilities, const Array& cost);

}  // namespace tenbin

template <>
struct std::tuple_size<tenbin::TunedThreshold> : std::integral_constant<std::size_t, 2> {};
template <std::size_t I>
struct std::tuple_element<I, tenbin::TunedThreshold> {
  using type = double;
};
