// Errors of elementary functions in units in the last place.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tenbin/core/random.h"

namespace tenbin::testing {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

// The error in units in the last place of the exact result; for a denormal result, in units of the smallest
// denormal.
template <class T>
double error_in_ulp(T got, long double exact) {
  const T nearest = static_cast<T>(exact);
  if (!std::isfinite(nearest)) return got == nearest ? 0 : std::numeric_limits<double>::infinity();
  const T size = std::abs(nearest);
  const long double unit = static_cast<long double>(std::nextafter(size, infinity<T>)) - size;
  return static_cast<double>(std::abs(static_cast<long double>(got) - exact) / unit);
}

// The largest error of `function` at the values that `at` maps numbers in [0, 1) to.
template <class T, class Function, class Exact, class At>
double worst_error(Function function, Exact exact, At at) {
  random::Generator generator(1);
  const std::vector<double> uniform = generator.uniform({20000}, 0, 1, Dtype::float64).to_vector<double>();
  double worst = 0;
  for (const double u : uniform) {
    const T x = static_cast<T>(at(u));
    worst = std::max(worst, error_in_ulp<T>(function(x), exact(static_cast<long double>(x))));
  }
  return worst;
}

template <class F>
auto between(F low, F high) {
  return [=](double u) { return low + (high - low) * u; };
}

// Of both signs, from 2^-40 to 2^4.
inline double small_or_not(double u) { return (u < 0.5 ? -1 : 1) * std::exp2(std::fmod(u * 88, 44) - 40); }

}  // namespace tenbin::testing
