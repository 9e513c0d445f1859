// The confusion matrix and the metrics computed from it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

struct ConfusionMatrixOptions {
  std::size_t n_class = 0;  ///< 0: the columns of the logits, or one more than the largest class seen
  /// Positions with this label are ignored. Not set: -1, but two classes and labels of -1 and 1 only are an
  /// error: map -1 to 0.
  std::optional<std::int64_t> ignore_label = {};
};

/// Counts of (true class, predicted class): rows are the true classes, columns the predicted ones, as in
/// scikit-learn's `confusion_matrix`. With sample weights a row of the data counts by its weight, here and in
/// all metrics. Counts are stored in float64, where whole numbers are exact up to 2^53.
///
/// Metrics of one class are vectors with an entry for every class. Where a metric is 0/0, as the precision of
/// a class that was never predicted, the entry is `zero_division`, as in scikit-learn: 0 by default, or 1, or
/// NaN, which averages leave out.
///
///     ConfusionMatrix matrix({.n_class = 10});
///     for (auto [x, t] : Minibatches(test, {.shuffle = false})) matrix.add(t, model(x).data());
///     matrix.balanced_accuracy();
///     matrix.recall()[6];
///     matrix.macro_average(matrix.f1());
///     matthews_corrcoef(matrix);    // and the other metrics of mcc_kappa.h and geometric_mean.h
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(const ConfusionMatrixOptions& options = {});
  /// The same, followed by `add(t, y)`.
  ConfusionMatrix(const Array& t, const Array& y, const ConfusionMatrixOptions& options = {});
  ConfusionMatrix(const Array& t, const Array& y, const Array& sample_weight,
                  const ConfusionMatrixOptions& options = {});

  /// From `counts()` of another one, or the sum of several: (C, C), int64 or float64. Errors: another shape
  /// or dtype.
  static ConfusionMatrix from_counts(const Array& counts);

  /// Adds a minibatch to the counts.
  ///
  /// t: integer labels, (N, d1, ...); y: logits (N, C, d1, ...), whose argmax is the predicted class, or
  /// integer classes of t's shape; sample_weight: of t's shape; empty: all weights are 1. Errors: shapes that
  /// do not fit; C is not n_class; a label or class outside [0, n_class), a NaN among the logits, a weight
  /// that is negative or not finite, named with its position; weights whose sum is beyond float64; labels of
  /// -1 and 1 only, see ConfusionMatrixOptions; integer t and y of two axes with a single 1 among zeros in
  /// every row, which are taken for one-hot rows: if they are labels, reshape them to one axis. Predictions
  /// at an ignored position may have any value, also NaN.
  void add(const Array& t, const Array& y, const Array& sample_weight = {});

  std::size_t n_class() const { return n_class_; }
  /// The number, or weight, of positions of class `true_class` predicted as `predicted_class`. Errors: out of
  /// range.
  double operator()(std::size_t true_class, std::size_t predicted_class) const;
  /// The matrix (n_class, n_class): int64, or float64 once sample weights were given.
  Array counts() const;
  /// Whether sample weights were given.
  bool weighted() const { return weighted_; }
  /// The number of positions counted, or their weight.
  double total() const;
  /// The number, or weight, of positions of every class.
  std::vector<double> support() const;
  /// The number, or weight, of predictions of every class.
  std::vector<double> predicted() const;

  /// The share of correct predictions; 0 for an empty matrix.
  double accuracy() const;
  /// The mean recall of the classes that occur (scikit-learn: `balanced_accuracy_score`); 0 for an empty
  /// matrix. A classifier that ignores its input gets 1 / n_class, for any class frequencies.
  double balanced_accuracy() const;
  /// The geometric mean of the recalls of the classes that occur (after imbalanced-learn's
  /// `geometric_mean_score`): 0 if the recall of any class is 0, unless `correction` replaces such a recall;
  /// 0 for an empty matrix. Errors: a correction that is negative or not finite.
  double g_mean(double correction = 0) const;

  /// Precision of every class: TP / (TP + FP).
  std::vector<double> precision(double zero_division = 0.0) const;
  /// Recall of every class: TP / (TP + FN).
  std::vector<double> recall(double zero_division = 0.0) const;
  /// Specificity of every class: TN / (TN + FP).
  std::vector<double> specificity(double zero_division = 0.0) const;
  /// The F score, with recall weighted `beta` times as much as precision: (1 + beta^2) TP / ((1 + beta^2) TP
  /// + beta^2 FN + FP). It is 0/0 only for a class that neither occurs nor is predicted. Errors: beta is
  /// negative or not finite.
  std::vector<double> f_beta(double beta, double zero_division = 0.0) const;
  std::vector<double> f1(double zero_division = 0.0) const { return f_beta(1, zero_division); }

  /// The mean over all classes without NaN entries; NaN if all are NaN. Errors: the number of values is not
  /// the number of classes.
  double macro_average(const std::vector<double>& values) const;
  /// The same, weighted by the support of every class; if the remaining weights are all 0, the plain mean.
  double weighted_average(const std::vector<double>& values) const;

 private:
  std::size_t n_class_for(const Array& t, const Array& predicted, const Array& y) const;
  void require_finite_total(const Array& labels, const Array& weights, std::int64_t ignored) const;
  void grow(std::size_t n_class);

  std::vector<double> counts_;
  std::size_t n_class_ = 0;
  std::optional<std::int64_t> ignore_label_;
  bool fixed_;  // n_class was given, or taken from logits
  bool weighted_ = false;
};

}  // namespace tenbin
