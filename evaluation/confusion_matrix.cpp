#include "tenbin/evaluation/confusion_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/core/detail/labels.h"
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/scaling.h"

namespace tenbin {

namespace {

// Limits the memory: without it a single wrong label of a million would need terabytes.
constexpr std::int64_t largest_inferred_class = 9999;
constexpr std::size_t most_classes = std::size_t{1} << 16;  // their counts take 32 GiB

struct Outcomes {
  double true_positive = 0;
  double false_positive = 0;
  double false_negative = 0;
  double true_negative = 0;

  double occurs() const { return true_positive + false_negative; }
};

// Sums of the entries, never differences of totals: with weights, differences would leave rounding errors
// where the value is 0. Row by row, as the counts are stored.
std::vector<Outcomes> outcomes(const ConfusionMatrix& matrix) {
  const std::size_t n_class = matrix.n_class();
  const std::vector<double> rows = matrix.support();
  std::vector<Outcomes> all(n_class);
  for (std::size_t truth = 0; truth < n_class; ++truth)
    for (std::size_t guess = 0; guess < n_class; ++guess) {
      const double count = matrix(truth, guess);
      if (truth == guess) {
        all[truth].true_positive = count;
        continue;
      }
      all[truth].false_negative += count;
      all[guess].false_positive += count;
      all[guess].true_negative += rows[truth];  // with the false positives
    }
  for (Outcomes& o : all) o.true_negative = std::max(0.0, o.true_negative - o.false_positive);
  return all;
}

template <class F>
std::vector<double> per_class(const ConfusionMatrix& matrix, F metric) {
  std::vector<double> values;
  for (const Outcomes& o : outcomes(matrix)) values.push_back(metric(o));
  return values;
}

double divide(double numerator, double denominator, double zero_division) {
  return denominator == 0 ? zero_division : numerator / denominator;
}

std::vector<double> recall_of_occurring(const ConfusionMatrix& matrix) {
  std::vector<double> recall;
  for (const Outcomes& o : outcomes(matrix))
    if (o.occurs() > 0) recall.push_back(o.true_positive / o.occurs());
  return recall;
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(const ConfusionMatrixOptions& options)
    : ignore_label_(options.ignore_label), fixed_(options.n_class > 0) {
  grow(options.n_class);
}

ConfusionMatrix::ConfusionMatrix(const Array& t, const Array& y, const ConfusionMatrixOptions& options)
    : ConfusionMatrix(t, y, {}, options) {}

ConfusionMatrix::ConfusionMatrix(const Array& t, const Array& y, const Array& sample_weight,
                                 const ConfusionMatrixOptions& options)
    : ConfusionMatrix(options) {
  add(t, y, sample_weight);
}

void ConfusionMatrix::add(const Array& t, const Array& y, const Array& sample_weight) {
  const Array labels = detail::to_labels("ConfusionMatrix", "t", t);
  const Array predicted = detail::predicted_classes("ConfusionMatrix", y, t);
  const Array weights = detail::sample_weights("ConfusionMatrix", sample_weight, t);
  const std::int64_t ignored = detail::ignored_label("ConfusionMatrix", labels, ignore_label_,
                                                     is_floating(y.dtype()) ? y.shape()[1] : n_class_);
  const std::size_t n_class = n_class_for(labels, predicted, y);
  const std::int64_t* truth = labels.data<std::int64_t>();
  const std::int64_t* guess = predicted.data<std::int64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (truth[i] == ignored) continue;
    detail::require_class_of_scores("ConfusionMatrix", i, truth[i], n_class);
    if (is_floating(y.dtype()) && guess[i] == detail::nan_class) detail::refuse_nan("ConfusionMatrix", i);
    detail::require_class("ConfusionMatrix", "y", i, guess[i], n_class);
  }
  require_finite_total(labels, weights, ignored);
  grow(n_class);
  fixed_ = fixed_ || is_floating(y.dtype());
  weighted_ = weighted_ || weights;
  const double* weight = weights ? weights.data<double>() : nullptr;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (truth[i] == ignored) continue;
    const auto cell = static_cast<std::size_t>(truth[i]) * n_class_ + static_cast<std::size_t>(guess[i]);
    counts_[cell] += weight ? weight[i] : 1;
  }
}

std::size_t ConfusionMatrix::n_class_for(const Array& t, const Array& predicted, const Array& y) const {
  if (is_floating(y.dtype())) {
    const std::size_t columns = y.shape()[1];
    if (fixed_ ? columns != n_class_ : columns < n_class_)
      throw Error("ConfusionMatrix: expected logits of ", n_class_, " classes, got ", y);
    return columns;
  }
  if (fixed_) return n_class_;
  const std::int64_t* truth = t.data<std::int64_t>();
  const std::int64_t* guess = predicted.data<std::int64_t>();
  std::int64_t largest = static_cast<std::int64_t>(n_class_) - 1;
  for (std::size_t i = 0; i < t.size(); ++i)
    if (truth[i] != detail::ignored_label(ignore_label_)) largest = std::max({largest, truth[i], guess[i]});
  if (largest > largest_inferred_class)
    throw Error("ConfusionMatrix: class ", largest, " is too large to infer n_class from, pass n_class");
  return static_cast<std::size_t>(largest + 1);
}

void ConfusionMatrix::require_finite_total(const Array& labels, const Array& weights,
                                           std::int64_t ignored) const {
  if (!weights) return;
  const double* weight = weights.data<double>();
  constexpr double huge = 0x1p900;  // with fewer than 2^124 rows, sums of weights below it stay finite
  if (std::none_of(weight, weight + weights.size(), [](double w) { return w > huge; })) return;
  const std::int64_t* label = labels.data<std::int64_t>();
  double sum = total();
  for (std::size_t i = 0; i < labels.size(); ++i) sum += label[i] == ignored ? 0 : weight[i];
  if (!std::isfinite(sum))
    throw Error("ConfusionMatrix: sample_weight adds up to more than float64 holds, got ", weights);
}

void ConfusionMatrix::grow(std::size_t n_class) {
  if (n_class <= n_class_) return;
  if (n_class > most_classes)
    throw Error("ConfusionMatrix: expected at most ", most_classes, " classes, got ", n_class);
  std::vector<double> larger(n_class * n_class, 0);
  for (std::size_t row = 0; row < n_class_; ++row)
    std::copy_n(&counts_[row * n_class_], n_class_, &larger[row * n_class]);
  counts_.swap(larger);
  n_class_ = n_class;
}

double ConfusionMatrix::operator()(std::size_t true_class, std::size_t predicted_class) const {
  if (true_class >= n_class_ || predicted_class >= n_class_)
    throw Error("ConfusionMatrix: (", true_class, ", ", predicted_class, ") is out of range for ", n_class_,
                " classes");
  return counts_[true_class * n_class_ + predicted_class];
}

ConfusionMatrix ConfusionMatrix::from_counts(const Array& counts) {
  const bool is_matrix = counts && counts.ndim() == 2 && counts.shape()[0] == counts.shape()[1];
  if (!is_matrix || (counts.dtype() != Dtype::int64 && counts.dtype() != Dtype::float64))
    throw Error("ConfusionMatrix::from_counts: expected int64 or float64 of shape (C, C), got ", counts);
  ConfusionMatrix matrix({counts.shape()[0], {}});
  matrix.counts_ = counts.to_vector<double>();
  matrix.weighted_ = counts.dtype() == Dtype::float64;
  return matrix;
}

Array ConfusionMatrix::counts() const {
  const Array counts(counts_, Shape{n_class_, n_class_});
  return weighted_ ? counts : counts.astype(Dtype::int64);
}

double ConfusionMatrix::total() const {
  double sum = 0;
  for (const double count : counts_) sum += count;
  return sum;
}

std::vector<double> ConfusionMatrix::support() const {
  std::vector<double> sums(n_class_, 0);
  for (std::size_t t = 0; t < n_class_; ++t)
    for (std::size_t y = 0; y < n_class_; ++y) sums[t] += (*this)(t, y);
  return sums;
}

std::vector<double> ConfusionMatrix::predicted() const {
  std::vector<double> sums(n_class_, 0);
  for (std::size_t t = 0; t < n_class_; ++t)
    for (std::size_t y = 0; y < n_class_; ++y) sums[y] += (*this)(t, y);
  return sums;
}

double ConfusionMatrix::accuracy() const {
  double right = 0;
  for (std::size_t c = 0; c < n_class_; ++c) right += (*this)(c, c);
  return divide(right, total(), 0);
}

double ConfusionMatrix::balanced_accuracy() const {
  double sum = 0;
  const std::vector<double> recall = recall_of_occurring(*this);
  for (const double r : recall) sum += r;
  return divide(sum, static_cast<double>(recall.size()), 0);
}

double ConfusionMatrix::g_mean(double correction) const {
  if (!(correction >= 0) || std::isinf(correction))
    throw Error("ConfusionMatrix::g_mean: expected a finite correction >= 0, got ", correction);
  const std::vector<double> recall = recall_of_occurring(*this);
  if (recall.empty()) return 0;
  // The product itself would underflow for many classes.
  double sum_of_logs = 0;
  for (const double r : recall) {
    if (r == 0 && correction == 0) return 0;
    sum_of_logs += std::log(r == 0 ? correction : r);
  }
  return std::exp(sum_of_logs / static_cast<double>(recall.size()));
}

std::vector<double> ConfusionMatrix::precision(double zero_division) const {
  return per_class(*this, [=](const Outcomes& o) {
    return divide(o.true_positive, o.true_positive + o.false_positive, zero_division);
  });
}

std::vector<double> ConfusionMatrix::recall(double zero_division) const {
  return per_class(*this,
                   [=](const Outcomes& o) { return divide(o.true_positive, o.occurs(), zero_division); });
}

std::vector<double> ConfusionMatrix::specificity(double zero_division) const {
  return per_class(*this, [=](const Outcomes& o) {
    return divide(o.true_negative, o.true_negative + o.false_positive, zero_division);
  });
}

std::vector<double> ConfusionMatrix::f_beta(double beta, double zero_division) const {
  if (!(beta >= 0) || std::isinf(beta))
    throw Error("ConfusionMatrix::f_beta: expected a finite beta >= 0, got ", beta);
  return per_class(*this, [=](const Outcomes& o) {
    return detail::f_beta(o.true_positive, o.false_negative, o.false_positive, beta, zero_division);
  });
}

namespace {

double average(const std::vector<double>& values, const std::vector<double>& weights) {
  if (values.size() != weights.size())
    throw Error("ConfusionMatrix: expected ", weights.size(), " values to average, one per class, got ",
                values.size());
  double sum = 0;
  double weight = 0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (std::isnan(values[c])) continue;
    sum += weights[c] * values[c];
    weight += weights[c];
  }
  return divide(sum, weight, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

double ConfusionMatrix::macro_average(const std::vector<double>& values) const {
  return average(values, std::vector<double>(n_class_, 1));
}

double ConfusionMatrix::weighted_average(const std::vector<double>& values) const {
  const double weighted = average(values, support());
  return std::isnan(weighted) ? macro_average(values) : weighted;
}

}  // namespace tenbin
