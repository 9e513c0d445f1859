// The confusion matrix, and the metrics that follow from it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

struct ConfusionMatrixOptions {
  std::size_t n_class = 0;  ///< 0: the columns of the logits, or one more than the largest class seen
  /// Positions with this label do not count. None: -1, but two classes and labels of -1 and 1 only are an
  /// error: map -1 to 0.
  std::optional<std::int64_t> ignore_label = {};
};

/// Counts of (true class, predicted class): rows are what is true, columns what was predicted, as in
/// scikit-learn's `confusion_matrix`. With sample weights a row counts as often as its weight says, here and
/// in all that follows. Counts are kept in float64, where whole numbers are exact up to 2^53.
///
/// Metrics of one class are vectors with an entry for every class. Where one is 0/0, as the precision of a
/// class that was never predicted, the entry is `zero_division`, as in scikit-learn: 0 by default, or 1, or
/// NaN, which averages leave out.
///
///     ConfusionMatrix matrix({.n_class = 10});
///     for (auto [x, t] : Minibatches(test, {.shuffle = false})) matrix.add(t, model(x).data());
///     matrix.balanced_accuracy();
///     matrix.recall()[6];
///     matrix.macro_average(matrix.f1());
///     matthews_corrcoef(matrix);    // and the rest of agreement.h and imbalanced.h
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(const ConfusionMatrixOptions& options = {});
  /// The same, followed by `add(t, y)`.
  ConfusionMatrix(const Array& t, const Array& y, const ConfusionMatrixOptions& options = {});
  ConfusionMatrix(const Array& t, const Array& y, const Array& sample_weight,
                  const ConfusionMatrixOptions& options = {});

  /// Counts one more minibatch.
  ///
  /// t: integer labels, (N, d1, ...); y: logits (N, C, d1, ...), of which the argmax counts, or integer
  /// classes of t's shape; sample_weight: of t's shape, or none, which is 1. Errors: shapes that do not fit;
  /// C is not n_class; a label or class outside [0, n_class), a NaN among the logits, a weight that is
  /// negative or not finite, named with its position; weights that add up to more than float64 holds; labels
  /// of -1 and 1 only, see ConfusionMatrixOptions; integer t and y of two axes with a single 1 among zeros in
  /// every row, which are taken for one-hot rows: labels that only look so pass reshaped to one axis. What is
  /// predicted at an ignored position may be anything, NaN as well.
  void add(const Array& t, const Array& y, const Array& sample_weight = {});

  std::size_t n_class() const { return n_class_; }
  /// How often `predicted_class` was predicted where `true_class` was true. Errors: out of range.
  double operator()(std::size_t true_class, std::size_t predicted_class) const;
  /// The matrix (n_class, n_class): int64, or float64 once there have been weights.
  Array counts() const;
  /// Whether there have been sample weights.
  bool weighted() const { return weighted_; }
  /// The number of positions counted, or their weight.
  double total() const;
  /// How often each class is true.
  std::vector<double> support() const;
  /// How often each class was predicted.
  std::vector<double> predicted() const;

  /// The share of right predictions; 0 for an empty matrix.
  double accuracy() const;
  /// The mean recall of the classes that occur (scikit-learn: `balanced_accuracy_score`); 0 for an empty
  /// matrix. A classifier that ignores its input gets 1 / n_class, however skewed the classes are.
  double balanced_accuracy() const;
  /// The geometric mean of the recalls of the classes that occur (after imbalanced-learn's
  /// `geometric_mean_score`): 0 as soon as one class is never found, unless `correction` stands in for a
  /// recall of 0; 0 for an empty matrix. Errors: a correction that is negative or not finite.
  double g_mean(double correction = 0) const;

  /// Of what was predicted as the class, the share that is: TP / (TP + FP).
  std::vector<double> precision(double zero_division = 0.0) const;
  /// Of what is the class, the share that was found: TP / (TP + FN).
  std::vector<double> recall(double zero_division = 0.0) const;
  /// Of what is not the class, the share that was left alone: TN / (TN + FP).
  std::vector<double> specificity(double zero_division = 0.0) const;
  /// Recall counts `beta` times as much as precision: (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP).
  /// It is 0/0 only for a class that neither occurs nor is predicted. Errors: beta is negative or not finite.
  std::vector<double> f_beta(double beta, double zero_division = 0.0) const;
  std::vector<double> f1(double zero_division = 0.0) const { return f_beta(1, zero_division); }

  /// The mean over all classes. NaN entries are left out, and NaN it is if nothing is left. Errors: there is
  /// not one value per class.
  double macro_average(const std::vector<double>& values) const;
  /// The same, every class weighted by its support; if that leaves nothing, all alike.
  double weighted_average(const std::vector<double>& values) const;

 private:
  std::size_t n_class_for(const Array& t, const Array& predicted, const Array& y) const;
  void require_finite_total(const Array& labels, const Array& weights, std::int64_t ignored) const;
  void grow(std::size_t n_class);

  std::vector<double> counts_;
  std::size_t n_class_ = 0;
  std::optional<std::int64_t> ignore_label_;
  bool fixed_;  // n_class was given, or logits have settled it
  bool weighted_ = false;
};

}  // namespace tenbin
