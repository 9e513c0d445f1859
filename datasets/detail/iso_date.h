// Texts that are dates, and whose order is that of time.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tenbin::detail {

// The first text that is no ISO date, or not of the same format as the others; nullopt: the order of the
// texts is that of time. A date is "2026-11-29" or "2026/11/29", a time of day may follow after "T" or blank,
// of any precision, then "Z" or an offset, which must be the same everywhere.
std::optional<std::string> first_odd_date(const std::vector<std::string>& texts);

}  // namespace tenbin::detail
