// The logarithm of a sum of exponentials, for softmax on the CPU and in kernels.
#pragma once

#include <cmath>

namespace tenbin::detail {

/// The normalisation of a line x: log softmax(x)[c] = (x[c] - max) - log_sum. max and log_sum are stored
/// separately: their sum would be rounded at the magnitude of max.
template <class T>
struct LogSum {
  T max;
  T log_sum;

  /// In double: the difference of two floats cannot overflow there, and a sum of losses stays accurate.
  constexpr double log_softmax(T x) const {
    return (static_cast<double>(x) - static_cast<double>(max)) - static_cast<double>(log_sum);
  }
};

/// Below this sum, log1p(rest) is more accurate than log(sum): rounding 1 + rest removes digits of rest.
template <class T>
constexpr T little_more_than_one = T{1.125};

/// log(sum), for a sum of exponentials whose largest term is 1 (or all are 0); `rest` is the sum of the terms
/// below 1. Also accurate for sums just above 1, where it is log1p(rest): rounding the sum has lost a part of
/// rest, or all of it.
template <class T>
constexpr T log_of_sum(T sum, T rest) {
  return sum >= 1 && sum < little_more_than_one<T> ? std::log1p(rest) : std::log(sum);
}

}  // namespace tenbin::detail
