#include "tenbin/evaluation/metric_rows.h"

#include <cmath>
#include <utility>

#include "tenbin/core/labels.h"
#include "tenbin/datasets/dataset.h"
#include "tenbin/evaluation/probabilities.h"

namespace tenbin::detail {

namespace {

void require_scores(const char* function, const Array& t, const Array& y) {
  const bool fits = y && is_floating(y.dtype()) && (y.ndim() == 1 || (y.ndim() == 2 && y.shape()[1] > 0)) &&
                    y.shape()[0] == t.size();
  if (!fits)
    throw Error(function, ": y must be float32 or float64, scores (N) or probabilities (N, C), got ", y,
                " for t ", t);
}

void require_score(const char* function, double score, ScoreKind kind, std::size_t position) {
  if (kind == ScoreKind::probability && !(score >= 0 && score <= 1))
    throw Error(function, ": y[", position, "] = ", score, " is not a probability");
  if (std::isnan(score)) throw Error(function, ": y[", position, "] is nan");
}

// Rows that are not ignored, in their order.
std::vector<std::size_t> counted_rows(const Array& t, std::int64_t ignore_label) {
  const std::int64_t* label = t.data<std::int64_t>();
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < t.size(); ++i)
    if (label[i] != ignore_label) rows.push_back(i);
  return rows;
}

bool has_label(const Array& t, std::int64_t value) {
  const std::int64_t* label = t.data<std::int64_t>();
  for (std::size_t i = 0; i < t.size(); ++i)
    if (label[i] == value) return true;
  return false;
}

}  // namespace

Array sample_weights(const char* function, const Array& sample_weight, const Array& t) {
  if (!sample_weight) return {};
  if (sample_weight.shape() != t.shape())
    throw Error(function, ": sample_weight must have t's shape, got ", sample_weight, " for t ", t);
  Array weights = sample_weight.to(Device::cpu()).astype(Dtype::float64);
  const double* w = std::as_const(weights).data<double>();
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!(w[i] >= 0 && std::isfinite(w[i])))
      throw Error(function, ": sample_weight[", i, "] = ", w[i], " must be finite and >= 0");
  return weights;
}

double MetricRows::total_weight() const {
  double sum = 0;
  for (std::size_t i = 0; i < size(); ++i) sum += weight_at(i);
  return sum;
}

std::vector<double> MetricRows::class_weights(ClassAverage average) const {
  if (average == ClassAverage::macro) return std::vector<double>(n_class(), 1);
  std::vector<double> weights(n_class(), 0);
  const std::int64_t* label = t.data<std::int64_t>();
  for (std::size_t i = 0; i < size(); ++i) weights[static_cast<std::size_t>(label[i])] += weight_at(i);
  return weights;
}

MetricRows metric_rows(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                       std::optional<std::int64_t> pos_label, std::int64_t ignore_label, ScoreKind kind) {
  MetricRows rows{to_label_vector(function, "t", t), {}, {}, y.dtype(), pos_label.value_or(1)};
  require_scores(function, t, y);
  rows.y = y.to(Device::cpu()).astype(Dtype::float64);
  rows.weight = sample_weights(function, sample_weight, t);

  const std::int64_t* label = std::as_const(rows.t).data<std::int64_t>();
  const double* score = std::as_const(rows.y).data<double>();
  const std::size_t n_class = rows.n_class();
  const bool any_label = rows.is_binary() && pos_label.has_value();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (label[i] == ignore_label) continue;
    if (!any_label) require_class(function, "t", i, label[i], n_class);
    if (rows.is_binary()) {
      require_score(function, score[i], kind, i);
    } else {
      require_probability_row(function, score + i * n_class, n_class, i);
    }
  }
  if (has_label(rows.t, ignore_label)) {
    const std::vector<std::size_t> counted = counted_rows(rows.t, ignore_label);
    for (Array* array : {&rows.t, &rows.y, &rows.weight})
      if (*array) *array = gather_rows(*array, counted.data(), counted.size());
  }
  if (rows.size() == 0) throw Error(function, ": expected at least one row that counts, got t ", t);
  if (rows.weight && rows.total_weight() == 0) throw Error(function, ": sample_weight adds up to 0");
  return rows;
}

MetricRows probability_rows(const char* function, const Array& t, const Array& y,
                            const PerClassOptions& options) {
  require_probability_matrix(function, y);
  return metric_rows(function, t, y, options.sample_weight, {}, options.ignore_label);
}

MetricRows binary_rows(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                       std::optional<std::int64_t> pos_label, std::int64_t ignore_label, ScoreKind kind) {
  MetricRows rows = metric_rows(function, t, y, sample_weight, pos_label, ignore_label, kind);
  if (rows.is_binary()) return rows;
  if (!pos_label && rows.n_class() != 2)
    throw Error(function, ": expected pos_label to choose one of the classes of y ", y);
  if (rows.pos_label < 0 || static_cast<std::uint64_t>(rows.pos_label) >= rows.n_class())
    throw Error(function, ": pos_label ", rows.pos_label, " is not a class in [0, ", rows.n_class(), ")");
  return one_vs_rest(rows, static_cast<std::size_t>(rows.pos_label));
}

MetricRows one_vs_rest(const MetricRows& rows, std::size_t c) {
  MetricRows one{rows.t, Array::empty({rows.size()}, Dtype::float64), rows.weight, rows.dtype,
                 static_cast<std::int64_t>(c)};
  const double* y = rows.y.data<double>() + c;
  double* score = one.y.data<double>();
  for (std::size_t i = 0; i < rows.size(); ++i) score[i] = y[i * rows.n_class()];
  return one;
}

}  // namespace tenbin::detail
