// Confidence intervals of metrics on a finite test set: a recall of "2 of 2" is not certain to be 1.
#pragma once

#include <cstdint>
#include <functional>

#include "tenbin/core/array.h"

namespace tenbin {

struct ConfidenceInterval {
  double low;
  double high;
};

/// Wilson's score interval of a share, successes / trials (Wilson, "Probable inference, the law of
/// succession, and statistical inference", 1927; SciPy: `proportion_ci(method="wilson")`): good for few
/// trials and shares near 0 and 1,
///
///     (k + z^2/2 +- z sqrt(k (n - k) / n + z^2/4)) / (n + z^2),
///
/// z being the normal quantile, 1.96 for 95%. Without trials it is [0, 1]. Errors: successes outside [0,
/// trials]; trials that are not finite; a level outside (0, 1).
///
///     auto [low, high] = wilson_interval(2, 2);    // recall of 2 of 2: at least 0.34
ConfidenceInterval wilson_interval(double successes, double trials, double confidence_level = 0.95);

/// Options of bootstrap_interval.
struct BootstrapOptions {
  std::size_t n_resamples = 1000;
  double confidence_level = 0.95;
  /// Draw from every class as many rows as it has, so that a rare class occurs in every resample.
  bool stratified = false;
  std::uint64_t seed = 0;
};

/// A metric of labels and predictions, such as `roc_auc_score`.
using RowMetric = std::function<double(const Array& t, const Array& y)>;

/// The percentile bootstrap (Efron, "Bootstrap methods: another look at the jackknife", 1979; SciPy:
/// `bootstrap(method="percentile")`): computes the metric on n_resamples test sets of the same size, drawn
/// from the rows with replacement, and returns the quantiles between which confidence_level of its values lie
/// (interpolated as by NumPy).
///
/// t: integer (N); y: (N, ...) of any dtype. The interval depends on the arguments alone, not on the number
/// of threads; `metric` is called from several threads at once. Errors: lengths that differ; no rows; no
/// resamples; a level outside (0, 1); a metric that throws or is NaN, with the number of the resample:
/// without `stratified` a rare class may be missing from one.
///
///     auto auc = [](const Array& t, const Array& y) { return roc_auc_score(t, y); };
///     auto [low, high] = bootstrap_interval(t, p, auc, {.stratified = true, .seed = 1});
ConfidenceInterval bootstrap_interval(const Array& t, const Array& y, const RowMetric& metric,
                                      const BootstrapOptions& options = {});

}  // namespace tenbin
