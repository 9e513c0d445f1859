// The bootstrap of several metrics on the same resamples.
#pragma once

#include <functional>
#include <vector>

#include "tenbin/evaluation/confidence_interval.h"

namespace tenbin::detail {

// The metrics of the rows of a resample: t and each of `ys`.
using RowMetrics = std::function<std::vector<double>(const Array& t, const std::vector<Array>& ys)>;

// As bootstrap_interval, which is this with one metric, and with the same resamples.
std::vector<ConfidenceInterval> bootstrap_intervals(const Array& t, const std::vector<Array>& ys,
                                                    std::size_t n_metrics, const RowMetrics& metrics,
                                                    const BootstrapOptions& options);

}  // namespace tenbin::detail
