// Where to cut: the threshold that serves a purpose best, found on validation data. Training is left alone.
#pragma once

#include <functional>
#include <string>

#include "tenbin/core/array.h"

namespace tenbin {

/// How often, by weight, each of the four things happened.
struct BinaryOutcomes {
  double true_positive = 0;
  double false_positive = 0;
  double false_negative = 0;
  double true_negative = 0;
};

/// What a threshold is chosen for: larger is better; NaN forbids the threshold. Your own is a lambda:
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
/// -(cost_fp FP + cost_fn FN) / N, minus the cost of a sample on average. Errors: a cost that is negative or
/// not finite.
ThresholdObjective negative_cost(double cost_fp, double cost_fn);
/// Precision, of thresholds whose recall is at least `min_recall`: "find 80% of them with as few false alarms
/// as possible". Errors: outside [0, 1].
ThresholdObjective precision_at_recall(double min_recall);
/// Recall, of thresholds whose precision is at least `min_precision`. Errors: outside [0, 1].
ThresholdObjective recall_at_precision(double min_precision);

}  // namespace objective

/// What `tune_threshold` found.
struct TunedThreshold {
  double threshold;  ///< predict class 1 from here on; infinite where all or nothing is best
  double value;      ///< of the objective on the validation data: optimistic, as every maximum is
};

/// The threshold that maximises an objective, over all thresholds that there are: one sort, one sweep.
/// (scikit-learn: `TunedThresholdClassifierCV`, which tries 100.)
///
/// t: integer (N), 0 or 1; scores: float32 or float64 (N), any finite numbers that grow with class 1, or
/// probabilities (N, 2); sample_weight: float (N) or none. Equal scores are never torn apart. The threshold
/// lies halfway between the neighbouring scores, where scikit-learn's curves put it on the upper one, which
/// favours class 0 on new data; it is -inf if class 1 is best predicted always, inf if never. Of equally good
/// ones the one of the highest balanced accuracy is taken, then the lowest.
///
/// Use validation data that the model was not trained on. Errors: shapes and dtypes that do not fit; a score
/// that is not finite; a label that is neither 0 nor 1; a class without samples; no threshold that the
/// objective allows.
///
///     auto [threshold, f1] = tune_threshold(valid.t, softmax(model(valid.x)).data(), objective::f_beta());
///     Array y = predict_with_threshold(softmax(model(test.x)).data(), threshold);
TunedThreshold tune_threshold(const Array& t, const Array& scores, const ThresholdObjective& objective,
                              const Array& sample_weight = {});

/// 1 where the score is at least the threshold, 0 elsewhere: int64 (N), compared in float64.
///
/// scores: as in `tune_threshold`. Errors: scores that do not fit, or are not finite; a threshold of NaN.
Array predict_with_threshold(const Array& scores, double threshold);

/// The class of the lowest expected cost, argmin_k sum_c p[i, c] cost[c, k] (Elkan, "The foundations of
/// cost-sensitive learning", IJCAI 2001): int64 (N). For two classes, with nothing to pay for what is right,
/// it is class 1 from p > cost_fp / (cost_fp + cost_fn) on.
///
/// probabilities: float32 or float64 (N, C), which must mean what they say: calibrate them first. cost: float
/// (C, C), the true class by row and the predicted one by column, as in a confusion matrix; gains are
/// negative. Of equally cheap classes the first wins. Errors: rows that are no probabilities; a cost of
/// another shape or not finite.
///
///     argmin_expected_cost(p, {{0., 1.}, {50., 0.}});    // to miss one costs as much as 50 false alarms
Array argmin_expected_cost(const Array& probabilities, const Array& cost);

}  // namespace tenbin
