#include "tenbin/evaluation/detail/metric_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tenbin/core/detail/labels.h"
#include "tenbin/cpu/gather.h"
#include "tenbin/evaluation/detail/probabilities.h"
#include "tenbin/evaluation/detail/scaling.h"
#include "tenbin/xtensor.h"

namespace tenbin::detail {

namespace {

void require_scores(const char* function, const Array& t, const Array& y) {
  const bool fits = y && is_floating(y.dtype()) && (y.ndim() == 1 || (y.ndim() == 2 && y.shape()[1] > 0)) &&
                    y.shape()[0] == t.size();
  if (!fits)
    throw Error(function, ": y must be float32 or float64, scores (N) or probabilities (N, C), got ", y,
                " for t ", t);
}

void require_score(const char* function, double score, ScoreKind kind, std::size_t position, Dtype dtype) {
  if (kind == ScoreKind::probability) require_probability(function, "y", score, position, dtype);
  if (std::isnan(score)) throw Error(function, ": y[", position, "] is nan");
}

// The label to ignore when scores of `pos_label` are given, if there is one.
std::optional<std::int64_t> ignored_beside_scores(const char* function, const Array& labels,
                                                  std::optional<std::int64_t> pos_label,
                                                  std::optional<std::int64_t> ignore_label) {
  if (ignore_label) return ignore_label;
  const bool signs = are_signs(labels);
  if (signs && !pos_label) refuse_signs(function, ", or pass pos_label = 1");
  const bool is_class = pos_label == -1 || (pos_label == 1 && signs);
  return is_class ? std::optional<std::int64_t>() : -1;
}

// Rows that are not ignored, in their order.
std::vector<std::size_t> counted_rows(const Array& t, std::int64_t ignored) {
  const std::int64_t* label = t.data<std::int64_t>();
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < t.size(); ++i)
    if (label[i] != ignored) rows.push_back(i);
  return rows;
}

bool has_label(const Array& t, std::int64_t value) {
  const std::int64_t* label = t.data<std::int64_t>();
  return std::find(label, label + t.size(), value) != label + t.size();
}

// y with elements that rounding brought outside [0, 1] clipped, in a copy if there are any.
void clip_probabilities(Array& y, double most) {
  const double* p = std::as_const(y).data<double>();
  const auto outside = [=](double value) { return value < 0 || value > most; };
  if (std::none_of(p, p + y.size(), outside)) return;
  y = from_xtensor(xt::clip(adapt<double>(std::as_const(y)), 0.0, most));
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

double scale_weights(Array& weights) {
  if (!weights || weights.size() == 0) return 1;
  const double* w = std::as_const(weights).data<double>();
  const double scale = power_of_two_scale(*std::max_element(w, w + weights.size()), most_weight_exponent);
  if (scale == 1) return 1;
  weights = from_xtensor(scale * adapt<double>(std::as_const(weights)));
  return 1 / scale;
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
                       std::optional<std::int64_t> pos_label, std::optional<std::int64_t> ignore_label,
                       ScoreKind kind) {
  const Array labels = to_label_vector(function, "t", t);
  require_scores(function, t, y);
  MetricRows rows{labels, {}, {}, 1, y.dtype(), pos_label.value_or(1)};
  if (pos_label && pos_label == ignore_label)
    throw Error(function, ": pos_label and ignore_label are both ", *pos_label);
  rows.y = y.to(Device::cpu()).astype(Dtype::float64);
  if (y.ndim() == 2 && y.shape()[1] == 1) rows.y = rows.y.reshape({t.size()});
  rows.weight = sample_weights(function, sample_weight, t);

  const std::int64_t* label = std::as_const(rows.t).data<std::int64_t>();
  const double* score = std::as_const(rows.y).data<double>();
  const std::size_t n_class = rows.n_class();
  const std::optional<std::int64_t> ignored =
      rows.is_binary() ? ignored_beside_scores(function, rows.t, pos_label, ignore_label)
                       : ignored_label(function, rows.t, ignore_label, n_class);
  const bool any_label = rows.is_binary() && pos_label.has_value();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (label[i] == ignored) continue;
    if (!any_label) require_class(function, "t", i, label[i], n_class);
    if (rows.is_binary()) {
      require_score(function, score[i], kind, i, rows.dtype);
    } else {
      require_probability_row(function, score + i * n_class, n_class, i, rows.dtype);
    }
  }
  if (ignored && has_label(rows.t, *ignored)) {
    const std::vector<std::size_t> counted = counted_rows(rows.t, *ignored);
    for (Array* array : {&rows.t, &rows.y, &rows.weight})
      if (*array) *array = cpu::gather_rows(*array, counted.data(), counted.size());
  }
  if (!rows.is_binary() || kind == ScoreKind::probability)
    clip_probabilities(rows.y, rows.is_binary() ? 1 : std::numeric_limits<double>::max());
  rows.weight_unit = scale_weights(rows.weight);
  if (rows.size() == 0) throw Error(function, ": expected at least one row that is not ignored, got t ", t);
  if (rows.weight && rows.total_weight() == 0) throw Error(function, ": sample_weight adds up to 0");
  return rows;
}

MetricRows probability_rows(const char* function, const Array& t, const Array& y,
                            const PerClassOptions& options) {
  require_probability_matrix(function, y);
  return metric_rows(function, t, y, options.sample_weight, {}, options.ignore_label);
}

MetricRows binary_rows(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                       std::optional<std::int64_t> pos_label, std::optional<std::int64_t> ignore_label,
                       ScoreKind kind) {
  MetricRows rows = metric_rows(function, t, y, sample_weight, pos_label, ignore_label, kind);
  if (rows.is_binary()) return rows;
  if (!pos_label && rows.n_class() != 2)
    throw Error(function, ": expected pos_label to choose one of the classes of y ", y);
  if (rows.pos_label < 0 || static_cast<std::uint64_t>(rows.pos_label) >= rows.n_class())
    throw Error(function, ": pos_label ", rows.pos_label, " is not a class in [0, ", rows.n_class(), ")");
  return one_vs_rest(rows, static_cast<std::size_t>(rows.pos_label));
}

MetricRows one_vs_rest(const MetricRows& rows, std::size_t c) {
  MetricRows one = rows;
  one.y = from_xtensor(xt::view(adapt<double, 2>(rows.y), xt::all(), c));
  one.pos_label = static_cast<std::int64_t>(c);
  return one;
}

}  // namespace tenbin::detail
