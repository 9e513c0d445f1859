#include "tenbin/evaluation/confidence_interval.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/random.h"
#include "tenbin/cpu/gather.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/evaluation/detail/bootstrap.h"
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

std::vector<double> metrics_of(const detail::RowMetrics& metrics, const Array& t,
                               const std::vector<Array>& ys, const Rows& rows, std::size_t r) {
  std::vector<double> values;
  try {
    std::vector<Array> drawn;
    drawn.reserve(ys.size());
    for (const Array& y : ys) drawn.push_back(cpu::gather_rows(y, rows.data(), rows.size()));
    values = metrics(cpu::gather_rows(t, rows.data(), rows.size()), drawn);
  } catch (const Error& error) {
    throw Error("bootstrap_interval: resample ", r, ": ", error.what());
  }
  for (const double value : values)
    if (std::isnan(value)) throw Error("bootstrap_interval: resample ", r, ": the metric is nan");
  return values;
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

std::vector<ConfidenceInterval> detail::bootstrap_intervals(const Array& t, const std::vector<Array>& ys,
                                                            std::size_t n_metrics, const RowMetrics& metrics,
                                                            const BootstrapOptions& options) {
  constexpr const char* function = "bootstrap_interval";
  require_level(function, options.confidence_level);
  if (options.n_resamples == 0) throw Error(function, ": expected n_resamples > 0, got 0");
  const Array labels = to_label_vector(function, "t", t);
  const Array host_t = t.to(Device::cpu());
  std::vector<Array> host_ys;
  for (const Array& y : ys) {
    if (!y || y.ndim() == 0 || y.shape()[0] != t.size() || t.size() == 0)
      throw Error(function, ": t and y must have equally many rows, at least one, got ", t, " and ", y);
    host_ys.push_back(y.to(Device::cpu()));
  }
  const std::vector<Rows> from = strata(labels, options.stratified);
  std::vector<std::vector<double>> values(n_metrics, std::vector<double>(options.n_resamples));
  tenbin::parallel_for(options.n_resamples, [&](std::size_t r) {
    const std::vector<double> found = metrics_of(metrics, host_t, host_ys, draw(from, options.seed, r), r);
    for (std::size_t m = 0; m < n_metrics; ++m) values[m][r] = found[m];
  });
  std::vector<ConfidenceInterval> intervals;
  const double tail = 50 * (1 - options.confidence_level);
  for (std::vector<double>& of_metric : values) {
    std::sort(of_metric.begin(), of_metric.end());
    intervals.push_back({percentile(of_metric, tail), percentile(of_metric, 100 - tail)});
  }
  return intervals;
}

ConfidenceInterval bootstrap_interval(const Array& t, const Array& y, const RowMetric& metric,
                                      const BootstrapOptions& options) {
  const auto one = [&](const Array& labels, const std::vector<Array>& ys) {
    return std::vector<double>{metric(labels, ys[0])};
  };
  return detail::bootstrap_intervals(t, {y}, 1, one, options)[0];
}

}  // namespace tenbin
