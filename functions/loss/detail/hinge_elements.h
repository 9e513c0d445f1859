// The hinge loss of one score. The same on the CPU and in kernels. Internal.
#pragma once

#include <cstddef>

#include "tenbin/functions/loss/hinge.h"

namespace tenbin::detail {

template <class T, class LabelType>
struct HingeElements {
  const T* x;
  const LabelType* t;
  HingeNorm norm;

  constexpr T loss(std::size_t i, T sign) const {
    const T excess = 1 + sign * x[i];
    const T hinge = excess < 0 ? T{0} : excess;  // NaN stays NaN
    return norm == HingeNorm::L1 ? hinge : hinge * hinge;
  }

  constexpr T gradient(std::size_t i, T sign, T gy) const {
    const T excess = 1 + sign * x[i];
    if (excess <= 0) return T{0};
    return gy * sign * (norm == HingeNorm::L1 ? T{1} : 2 * excess);
  }

  // -1 for the score of the label, 1 for the others.
  constexpr T sign(std::size_t row, std::size_t c) const {
    return static_cast<std::size_t>(t[row]) == c ? T{-1} : T{1};
  }
};

}  // namespace tenbin::detail
