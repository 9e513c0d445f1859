// Whole numbers from decimal fractions: 0.29 of 100 rows is 29, though the product of the two in float64 is
// 28.999999999999996.
#pragma once

#include <cmath>

namespace tenbin::detail {

// floor and ceil of a value >= 0; a value within a few rounding errors of a whole number is taken for it.
inline double decimal_floor(double value) {
  const double nearest = std::round(value);
  return std::abs(value - nearest) <= value * 0x1p-48 ? nearest : std::floor(value);
}
inline double decimal_ceil(double value) {
  const double nearest = std::round(value);
  return std::abs(value - nearest) <= value * 0x1p-48 ? nearest : std::ceil(value);
}

}  // namespace tenbin::detail
