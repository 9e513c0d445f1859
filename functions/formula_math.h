// Exponentials for the formulas of both devices. Internal.
#pragma once

#include <cmath>

#include "tenbin/core/logistic.h"

#ifndef __CUDACC__
#include "tenbin/cpu/vector_math.h"
#endif

namespace tenbin::formula_math {

// Those of kernels. Always compiled, so that tests can call them on the CPU.
namespace device {

template <class T>
constexpr T erfc(T x) {
  return std::erfc(x);
}

template <class T>
constexpr T exp(T x) {
  return std::exp(x);
}

template <class T>
constexpr T expm1(T x) {
  return std::expm1(x);
}

template <class T>
constexpr T log1p(T x) {  // 0 <= x <= 1
  return std::log1p(x);
}

template <class T>
constexpr T tanh(T x) {
  return std::tanh(x);
}

template <class T>
constexpr T sigmoid(T x) {
  return detail::precise_sigmoid(x);
}

template <class T>
constexpr T softplus_tail(T z) {
  return detail::softplus_tail(z);
}

}  // namespace device

// On the CPU those of cpu/vector_math.h, with which loops are vectorised. Selected by the compiler, not by
// TENBIN_KERNELS: in the emulator, kernels and loops are one program, where a formula has one definition.
#ifdef __CUDACC__

using device::erfc;
using device::exp;
using device::expm1;
using device::log1p;
using device::sigmoid;
using device::softplus_tail;
using device::tanh;

#else

using vector_math::erfc;
using vector_math::exp;
using vector_math::expm1;
using vector_math::log1p;
using vector_math::sigmoid;
using vector_math::softplus_tail;
using vector_math::tanh;

#endif

}  // namespace tenbin::formula_math
