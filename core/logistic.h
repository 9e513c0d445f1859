// The logistic function and softplus, for losses, activations and calibrators: the same on the CPU and in
// kernels.
#pragma once

#include <cmath>

namespace tenbin::detail {

/// 1 / (1 + exp(-z)), without overflow: the exponential is at most 1. By the C library, with denormal
/// results; `vector_math::sigmoid` is for vectorised loops and differs from it in the last bits.
template <class T>
constexpr T precise_sigmoid(T z) {
  const T small = std::exp(-std::abs(z));
  return (z < 0 ? small : T{1}) / (1 + small);
}

/// log(1 + exp(-|z|)), the part of softplus that is not linear: log(1 + exp(z)) = max(z, 0) +
/// softplus_tail(z).
template <class T>
constexpr T softplus_tail(T z) {
  return std::log1p(std::exp(-std::abs(z)));
}

}  // namespace tenbin::detail
