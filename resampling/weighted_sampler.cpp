#include "tenbin/resampling/weighted_sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenbin/core/detail/labels.h"
#include "tenbin/datasets/detail/pass_generator.h"

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;

constexpr const char* function = "weighted_sample";
constexpr std::uint64_t draw_stream = 0x64726177;

std::vector<double> checked(const Array& weights) {
  if (!weights || !is_floating(weights.dtype()) || weights.ndim() != 1)
    throw Error(function, ": weights must be float32 or float64 with one axis, got ", weights);
  std::vector<double> values = weights.to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(values[i] >= 0 && std::isfinite(values[i])))
      throw Error(function, ": expected finite weights >= 0, got weights[", i, "] = ", values[i]);
  return values;
}

Rows with_replacement(const std::vector<double>& weights, std::size_t size, const double* uniform) {
  std::vector<double> sums(weights.size());
  std::partial_sum(weights.begin(), weights.end(), sums.begin());
  const double total = sums.empty() ? 0 : sums.back();
  if (!(total > 0 && std::isfinite(total)))
    throw Error(function, ": expected weights whose sum is above 0 and finite, got ", total);
  // A sum that is rounded up must not select beyond the last weight that is not 0.
  const auto last = std::lower_bound(sums.begin(), sums.end(), total);
  Rows rows;
  for (std::size_t i = 0; i < size; ++i) {
    const auto drawn = std::upper_bound(sums.begin(), last, uniform[i] * total);
    rows.push_back(static_cast<std::size_t>(drawn - sums.begin()));
  }
  return rows;
}

// The rows with the smallest of exponentially distributed keys, whose rates are the weights.
Rows without_replacement(const std::vector<double>& weights, std::size_t size, const double* uniform) {
  std::vector<std::pair<double, std::size_t>> keys;
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (weights[i] > 0) keys.emplace_back(-std::log1p(-uniform[i]) / weights[i], i);
  if (size > keys.size())
    throw Error(function, ": ", size, " rows cannot be drawn without replacement from ", keys.size(),
                " weights above 0");
  const auto end = keys.begin() + static_cast<std::ptrdiff_t>(size);
  std::partial_sort(keys.begin(), end, keys.end());
  Rows rows;
  for (auto key = keys.begin(); key != end; ++key) rows.push_back(key->second);
  return rows;
}

// probability(n_c / N, K) of every class, divided by the number of its rows.
template <class F>
Array from_classes(const char* caller, const Array& t, F probability) {
  const auto classes = detail::samples_by_class(detail::to_label_vector(caller, "t", t));
  if (classes.empty()) throw Error(caller, ": there are no samples");
  const double n = static_cast<double>(t.size()), n_class = static_cast<double>(classes.size());
  double total = 0;
  for (const auto& [c, rows] : classes) total += probability(static_cast<double>(rows.size()) / n, n_class);
  Array weights = Array::empty({t.size()}, Dtype::float64);
  for (const auto& [c, rows] : classes) {
    const double count = static_cast<double>(rows.size());
    for (const std::size_t row : rows)
      weights.data<double>()[row] = probability(count / n, n_class) / total / count;
  }
  return weights;
}

}  // namespace

Rows weighted_sample(const Array& weights, const WeightedSampleOptions& options) {
  const std::vector<double> values = checked(weights);
  const std::size_t size = options.size == 0 ? values.size() : options.size;
  random::Generator generator = detail::pass_generator(options.seed, options.epoch, draw_stream);
  const Array uniform = generator.uniform({options.replacement ? size : values.size()}, 0, 1, Dtype::float64);
  return (options.replacement ? with_replacement : without_replacement)(values, size, uniform.data<double>());
}

Array balanced_sample_weight(const Array& t) {
  return from_classes("balanced_sample_weight", t, [](double, double n_class) { return 1 / n_class; });
}

Array square_root_sample_weight(const Array& t) {
  return from_classes("square_root_sample_weight", t, [](double share, double) { return std::sqrt(share); });
}

Array progressive_sample_weight(const Array& t, double progress) {
  if (!(progress >= 0 && progress <= 1))
    throw Error("progressive_sample_weight: expected a progress in [0, 1], got ", progress);
  return from_classes("progressive_sample_weight", t, [=](double share, double n_class) {
    return (1 - progress) * share + progress / n_class;
  });
}

}  // namespace tenbin
