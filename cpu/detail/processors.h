// The number of processors that this process may use.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace tenbin::detail {

// The number that the calling thread's affinity allows, or `processor_quota` rounded up, if that is less.
std::size_t available_processors();

// The number that the quotas of the process's control groups (versions 1 and 2) allow, if there are any.
// `root` is prepended to the paths of the system's files.
std::optional<double> processor_quota(const std::string& root = "");

}  // namespace tenbin::detail
