// What the losses make of one element, on the CPU and in kernels. Internal.
#pragma once

#include <algorithm>
#include <cmath>

namespace tenbin::detail {

// log(1 + exp(z)), the cross entropy of a binary label where z is the logit of the wrong answer.
template <class T>
constexpr T softplus(T z) {
  return std::max(z, T{0}) + std::log1p(std::exp(-std::abs(z)));
}

template <class T>
constexpr T sigmoid(T z) {
  const T small = std::exp(-std::abs(z));
  return (z < 0 ? small : T{1}) / (1 + small);
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
  if (l <= 0) return {T{0}, T{0}};  // p = 1; a last digit too many must not make a root of a negative number
  const T p = std::exp(-l);
  const T rest = -std::expm1(-l);  // 1 - p
  const T factor = std::pow(rest, gamma);
  const T pull = p == 0 ? T{0} : gamma * p * (l / rest);
  return {factor * l, factor * (1 + pull)};
}

}  // namespace tenbin::detail
