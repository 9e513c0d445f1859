// The logarithm of a sum of exponentials: what softmax on the CPU and in kernels has in common.
#pragma once

#include <cmath>

namespace tenbin::detail {

/// What softmax makes of a line x: log softmax(x)[c] = (x[c] - max) - log_sum. The two are kept apart: their
/// sum would round at the magnitude of max.
template <class T>
struct LogSum {
  T max;
  T log_sum;

  /// In double, where the difference of two floats cannot overflow and a sum of losses keeps its digits.
  constexpr double log_softmax(T x) const {
    return (static_cast<double>(x) - static_cast<double>(max)) - static_cast<double>(log_sum);
  }
};

/// Up to here, log(1 + rest) has digits that rounding removes from 1 + rest.
template <class T>
constexpr T little_more_than_one = T{1.125};

/// The logarithm of a sum of exponentials, the largest of which is 1 unless all are 0, given the sum of those
/// below 1, too. It has all its digits where it is small: a little above 1 it is log(1 + rest), of a rest
/// that the sum has lost in rounding, in part or as a whole.
template <class T>
constexpr T log_of_sum(T sum, T rest) {
  return sum >= 1 && sum < little_more_than_one<T> ? std::log1p(rest) : std::log(sum);
}

}  // namespace tenbin::detail
