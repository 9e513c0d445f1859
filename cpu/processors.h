// How many processors this process may use.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace tenbin::detail {

// The processors that the calling thread's affinity allows, or `processor_quota` rounded up, if that is less.
std::size_t available_processors();

// How many processors' time the quotas of the process's control groups (versions 1 and 2) amount to, if there
// are any. `root` goes before the paths of the system's files.
std::optional<double> processor_quota(const std::string& root = "");

}  // namespace tenbin::detail
