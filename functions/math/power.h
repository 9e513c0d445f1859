// The derivatives of x^y, for both devices.
#pragma once

#include <cmath>

namespace tenbin::detail {

// d(x^y)/dx.
template <class T>
constexpr T power_by_base(T x, T y) {
  return y == 0 ? T{0} : y * std::pow(x, y - 1);
}

// d(x^y)/dy, given x^y.
template <class T>
constexpr T power_by_exponent(T x, T y, T power) {
  return x == 0 && y >= 0 ? T{0} : power * std::log(x);
}

}  // namespace tenbin::detail
