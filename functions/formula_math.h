// Exponentials for the formulas of both devices. Internal.
#pragma once

#include <cmath>

#ifndef __CUDACC__
#include "tenbin/cpu/vector_math.h"
#endif

namespace tenbin::formula_math {

// In kernels those of CUDA; on the CPU those of cpu/vector_math.h, with which loops are vectorised.
#ifdef __CUDACC__

template <class T>
constexpr T exp(T x) {
  return std::exp(x);
}

template <class T>
constexpr T expm1(T x) {
  return std::expm1(x);
}

template <class T>
constexpr T tanh(T x) {
  return std::tanh(x);
}

/// 1 / (1 + exp(-x)), without overflow: the exponential is at most 1.
template <class T>
constexpr T sigmoid(T x) {
  const T small = std::exp(-std::abs(x));
  return (x < 0 ? small : 1) / (1 + small);
}

#else

using vector_math::exp;
using vector_math::expm1;
using vector_math::sigmoid;
using vector_math::tanh;

#endif

}  // namespace tenbin::formula_math
