// Percentiles with exactly NumPy's rounding: the border of a bin decides in which bin a row falls.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace tenbin::detail {

// The value below which `percent` of the sorted values are, with linear interpolation (NumPy: `percentile`).
// Precondition: at least one value.
inline double percentile(const std::vector<double>& sorted, double percent) {
  const double rank = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(rank), sorted.size() - 1);
  const double below = sorted[i];
  const double above = sorted[std::min(i + 1, sorted.size() - 1)];
  const double part = rank - static_cast<double>(i);
  if (!std::isfinite(above - below)) return part == 0 ? below : below * (1 - part) + above * part;
  return part < 0.5 ? below + (above - below) * part : above - (above - below) * (1 - part);
}

}  // namespace tenbin::detail
