#include "tenbin/evaluation/confidence_interval.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/random.h"
#include "tenbin/cpu/gather.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/evaluation/detail/percentile.h"

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;

void require_level(const char* function, double confidence_level) {
  if (!(confidence_level > 0 && confidence_level < 1))
    throw Error(function, ": expected a confidence_level in (0, 1), got ", confidence_level);
}

// z with P(|x| <= z) = level for a standard normal x, by bisection.
double normal_quantile(double level) {
  double low = 0;
  double high = 40;  // beyond it the probability is 0 in double
  while (true) {
    const double middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    (std::erfc(middle / std::sqrt(2.0)) > 1 - level ? low : high) = middle;
  }
}

// The rows that resamples are drawn from: all rows, or those of each class.
std::vector<Rows> strata(const Array& labels, bool stratified) {
  const std::int64_t* label = labels.data<std::int64_t>();
  std::map<std::int64_t, Rows> rows_of;
  for (std::size_t i = 0; i < labels.size(); ++i) rows_of[stratified ? label[i] : 0].push_back(i);
  std::vector<Rows> all;
  all.reserve(rows_of.size());
  for (auto& [value, rows] : rows_of) all.push_back(std::move(rows));
  return all;
}

// Resample r has its own generator, so that threads may draw resamples in any order.
Rows draw(const std::vector<Rows>& strata, std::uint64_t seed, std::size_t r) {
  const auto words = random::philox(seed, r, 1);
  random::Generator generator(std::uint64_t{words[0]} << 32 | words[1]);
  Rows drawn;
  for (const Rows& rows : strata)
    for (std::size_t i = 0; i < rows.size(); ++i) drawn.push_back(rows[generator.integer(rows.size())]);
  return drawn;
}

double metric_of(const RowMetric& metric, const Array& t, const Array& y, const Rows& rows, std::size_t r) {
  double value = 0;
  try {
    value =
        metric(cpu::gather_rows(t, rows.data(), rows.size()), cpu::gather_rows(y, rows.data(), rows.size()));
  } catch (const Error& error) {
    throw Error("bootstrap_interval: resample ", r, ": ", error.what());
  }
  if (std::isnan(value)) throw Error("bootstrap_interval: resample ", r, ": the metric is nan");
  return value;
}

}  // namespace

ConfidenceInterval wilson_interval(double successes, double trials, double confidence_level) {
  constexpr const char* function = "wilson_interval";
  require_level(function, confidence_level);
  if (!(successes >= 0 && successes <= trials && std::isfinite(trials)))
    throw Error(function, ": expected successes in [0, trials], got ", successes, " of ", trials);
  if (trials == 0) return {0, 1};
  const double z = normal_quantile(confidence_level);
  const double failures = trials - successes;
  const double centre = successes + z * z / 2;
  const double half = z * std::sqrt(successes * failures / trials + z * z / 4);
  const double n = trials + z * z;
  // Rounding must not exclude the observed share.
  return {successes == 0 ? 0 : (centre - half) / n, failures == 0 ? 1 : (centre + half) / n};
}

ConfidenceInterval bootstrap_interval(const Array& t, const Array& y, const RowMetric& metric,
                                      const BootstrapOptions& options) {
  constexpr const char* function = "bootstrap_interval";
  require_level(function, options.confidence_level);
  if (options.n_resamples == 0) throw Error(function, ": expected n_resamples > 0, got 0");
  const Array labels = detail::to_label_vector(function, "t", t);
  if (!y || y.ndim() == 0 || y.shape()[0] != t.size() || t.size() == 0)
    throw Error(function, ": t and y must have equally many rows, at least one, got ", t, " and ", y);
  const Array host_t = t.to(Device::cpu());
  const Array host_y = y.to(Device::cpu());
  const std::vector<Rows> from = strata(labels, options.stratified);
  std::vector<double> values(options.n_resamples);
  parallel_for(values.size(), [&](std::size_t r) {
    values[r] = metric_of(metric, host_t, host_y, draw(from, options.seed, r), r);
  });
  std::sort(values.begin(), values.end());
  const double tail = 50 * (1 - options.confidence_level);
  return {detail::percentile(values, tail), detail::percentile(values, 100 - tail)};
}

}  // namespace tenbin
