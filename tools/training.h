// What `compare` and `train` have in common.
#pragma once

#include <functional>
#include <string>

#include "tenbin/comparison/comparison.h"
#include "tenbin/core/device.h"

namespace tenbin::tools {

/// "cpu", "cuda", "cuda:1". Errors: UsageError.
Device device_of(const std::string& text);

/// Errors: UsageError, which lists the names.
const ComparisonMethod& method_named(const ComparisonMethods& methods, const std::string& name);

/// Class 1 of two, as everywhere in the library; of more the rarest, which is an empty text.
std::string positive_class(const Table& table);

/// For `ComparisonOptions::progress`: draws a line on standard error if that is a terminal. Throws
/// Interrupted after Ctrl-C.
std::function<void(const ComparisonProgress&)> progress_line();

/// Errors: UsageError, which lists what there is.
ThresholdObjective parse_objective(const std::string& text);

/// Errors: UsageError, which lists the metrics.
void require_metric(const std::string& key);

}  // namespace tenbin::tools
