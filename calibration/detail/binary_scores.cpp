#include "tenbin/calibration/detail/binary_scores.h"

#include <cmath>
#include <utility>

#include "tenbin/core/detail/labels.h"
#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/probabilities.h"

namespace tenbin::detail {

namespace {

struct TwoLabels {
  std::int64_t positive;
  std::int64_t negative;
};

// Without `pos_label`, labels are 0 and 1.
TwoLabels two_labels(const char* function, const Array& labels, const BinaryFitOptions& options) {
  const std::int64_t* label = labels.data<std::int64_t>();
  const std::optional<std::int64_t> pos_label = options.pos_label, ignored = options.ignore_label;
  if (!pos_label) {
    if (!ignored && are_signs(labels))
      throw Error(function, ": t has the labels -1 and 1: pass pos_label = 1, or map -1 to 0");
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (label[i] != ignored) require_class(function, "t", i, label[i], 2);
    return {1, 0};
  }
  if (pos_label == ignored) throw Error(function, ": pos_label and ignore_label are both ", *pos_label);
  std::optional<std::int64_t> other;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (label[i] == *pos_label || label[i] == ignored) continue;
    if (other && label[i] != *other)
      throw Error(function, ": t[", i, "] = ", label[i], ", expected pos_label ", *pos_label,
                  " and one other label, which is ", *other);
    other = label[i];
  }
  return {*pos_label, other.value_or(*pos_label == 0 ? 1 : 0)};
}

void require_both_classes(const char* function, const std::vector<BinarySample>& samples,
                          const TwoLabels& labels) {
  std::size_t positive = 0;
  for (const BinarySample& sample : samples) positive += sample.positive ? 1 : 0;
  const std::size_t negative = samples.size() - positive;
  if (positive == 0 || negative == 0)
    throw Error(function, ": expected samples of both classes, got ", negative, " of class ", labels.negative,
                " and ", positive, " of class ", labels.positive);
}

}  // namespace

std::vector<double> to_scores(const char* function, const Array& scores, std::size_t column) {
  const std::size_t columns = scores && scores.ndim() == 2 ? scores.shape()[1] : 0;
  const bool fits =
      scores && is_floating(scores.dtype()) && (scores.ndim() == 1 || columns == 1 || columns == 2);
  if (!fits)
    throw Error(function, ": scores must be float32 or float64 (N), or probabilities (N, 2), got ", scores);
  std::vector<double> values = scores.to_vector<double>();
  if (columns == 2) {
    for (std::size_t i = 0; 2 * i < values.size(); ++i) {
      require_probability_row(function, &values[2 * i], 2, i, scores.dtype());
      values[i] = values[2 * i + column];
    }
    values.resize(values.size() / 2);
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) throw Error(function, ": scores[", i, "] = ", values[i], " is not finite");
  return values;
}

std::vector<double> to_sample_weights(const char* function, const Array& sample_weight, const Array& t) {
  if (!sample_weight) return std::vector<double>(t.size(), 1.0);
  Array weights = sample_weights(function, sample_weight, t);
  scale_weights(weights);
  return weights.to_vector<double>();
}

BinarySamples to_binary_samples(const char* function, const Array& scores, const Array& t,
                                const BinaryFitOptions& options) {
  const Array labels = to_label_vector(function, "t", t);
  const TwoLabels two = two_labels(function, labels, options);
  BinarySamples binary{{}, 1, two.positive > two.negative ? std::size_t{1} : 0};
  const std::vector<double> values = to_scores(function, scores, binary.column);
  if (labels.size() != values.size())
    throw Error(function, ": scores and t differ in length: ", scores, " and ", t);
  Array weights = sample_weights(function, options.sample_weight, t);
  binary.weight_unit = scale_weights(weights);
  const double* weight = weights ? std::as_const(weights).data<double>() : nullptr;
  const std::int64_t* label = labels.data<std::int64_t>();
  binary.samples.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (label[i] == options.ignore_label) continue;
    const double w = weight ? weight[i] : 1;
    if (w > 0) binary.samples.push_back({values[i], w, label[i] == two.positive});
  }
  require_both_classes(function, binary.samples, two);
  return binary;
}

Array map_scores(const char* function, const Array& scores, std::size_t column,
                 const std::function<double(double)>& probability) {
  const std::vector<double> values = to_scores(function, scores, column);
  Array out = Array::empty(scores.shape(), scores.dtype());
  visit_floating(out.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* p = out.data<T>();
    const bool two_columns = out.size() > values.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double positive = probability(values[i]);
      if (!two_columns) {
        p[i] = static_cast<T>(positive);
        continue;
      }
      p[2 * i + column] = static_cast<T>(positive);
      p[2 * i + 1 - column] = static_cast<T>(1 - positive);
    }
  });
  return out.to(scores.device());
}

}  // namespace tenbin::detail
