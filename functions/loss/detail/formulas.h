// The formulas of the losses for one element, on the CPU and in kernels. Internal.
#pragma once

#include <algorithm>
#include <cmath>

#include "tenbin/core/logistic.h"

namespace tenbin::detail {

// log(1 + exp(z)), the cross entropy of a binary label where z is the logit of the wrong answer.
template <class T>
constexpr T softplus(T z) {
  return std::max(z, T{0}) + softplus_tail(z);
}

// (1 - p)^gamma l of the cross entropy l = -log p, and its derivative.
template <class T>
struct Focal {
  T value;
  T slope;
};

template <class T>
constexpr Focal<T> focal(T l, T gamma) {
  if (gamma == 0) return {l, T{1}};
  if (l <= 0) return {T{0}, T{0}};  // p = 1; by rounding, l may be negative, and 1 - p too
  const T p = std::exp(-l);
  const T rest = -std::expm1(-l);  // 1 - p
  const T factor = std::pow(rest, gamma);
  const T pull = p == 0 ? T{0} : gamma * p * (l / rest);
  return {factor * l, factor * (1 + pull)};
}

// The focal loss of a position, and its derivative times `scale`, which contains the weight. Not multiplied
// by 0: l may be infinite, and the slope NaN.
template <class T>
constexpr double weighted_focal(double weight, T l, T gamma) {
  return weight == 0 ? 0 : weight * static_cast<double>(focal(l, gamma).value);
}
template <class T>
constexpr double focal_gradient(double scale, T l, T gamma) {
  return scale * (scale == 0 ? 0 : static_cast<double>(focal(l, gamma).slope));
}

}  // namespace tenbin::detail
