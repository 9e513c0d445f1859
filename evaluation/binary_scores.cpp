#include "tenbin/evaluation/binary_scores.h"

#include <cmath>

#include "tenbin/core/labels.h"
#include "tenbin/evaluation/metric_rows.h"
#include "tenbin/evaluation/probabilities.h"

namespace tenbin::detail {

namespace {

void require_both_classes(const char* function, const std::vector<BinarySample>& samples) {
  std::size_t positive = 0;
  for (const BinarySample& sample : samples) positive += sample.positive ? 1 : 0;
  const std::size_t negative = samples.size() - positive;
  if (positive == 0 || negative == 0)
    throw Error(function, ": expected samples of both classes, got ", negative, " of class 0 and ", positive,
                " of class 1");
}

}  // namespace

std::vector<double> to_scores(const char* function, const Array& scores) {
  const bool two_columns = scores && scores.ndim() == 2 && scores.shape()[1] == 2;
  if (!scores || !is_floating(scores.dtype()) || (scores.ndim() != 1 && !two_columns))
    throw Error(function, ": scores must be float32 or float64 (N), or probabilities (N, 2), got ", scores);
  std::vector<double> values = scores.to_vector<double>();
  if (two_columns) {
    for (std::size_t i = 0; 2 * i < values.size(); ++i) {
      require_probability_row(function, &values[2 * i], 2, i);
      values[i] = values[2 * i + 1];
    }
    values.resize(values.size() / 2);
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) throw Error(function, ": scores[", i, "] = ", values[i], " is not finite");
  return values;
}

std::vector<double> to_sample_weights(const char* function, const Array& sample_weight, const Array& t) {
  if (!sample_weight) return std::vector<double>(t.size(), 1.0);
  return sample_weights(function, sample_weight, t).to_vector<double>();
}

std::vector<BinarySample> to_binary_samples(const char* function, const Array& scores, const Array& t,
                                            const Array& sample_weight) {
  const std::vector<double> values = to_scores(function, scores);
  const Array labels = to_label_vector(function, "t", t);
  if (labels.size() != values.size())
    throw Error(function, ": scores and t differ in length: ", scores, " and ", t);
  const std::vector<double> weights = to_sample_weights(function, sample_weight, t);
  const std::int64_t* label = labels.data<std::int64_t>();
  std::vector<BinarySample> samples;
  samples.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    require_class(function, "t", i, label[i], 2);
    if (weights[i] > 0) samples.push_back({values[i], weights[i], label[i] == 1});
  }
  require_both_classes(function, samples);
  return samples;
}

Array map_scores(const char* function, const Array& scores,
                 const std::function<double(double)>& probability) {
  const std::vector<double> values = to_scores(function, scores);
  Array out = Array::empty(scores.shape(), scores.dtype());
  visit_floating(out.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* p = out.data<T>();
    for (const double value : values) {
      const double positive = probability(value);
      if (out.ndim() == 2) *p++ = static_cast<T>(1 - positive);
      *p++ = static_cast<T>(positive);
    }
  });
  return out.to(scores.device());
}

}  // namespace tenbin::detail
