// Rectified linear unit.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct ReLUFormula {
  static constexpr const char* name = "relu";
  static constexpr Retains retains() { return Retains::output; }
  template <class T>
  constexpr T y(T x) const {
    return x < 0 ? T{0} : x;
  }
  template <class T>
  constexpr T gx(T y, T gy) const {
    return y > 0 ? gy : T{0};
  }
};
using ReLU = Elementwise<ReLUFormula>;

/// Rectified linear unit, y = max(0, x); the derivative at 0 is 0. NaN stays NaN, with derivative 0.
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = relu(l1(x));
inline Variable relu(const Variable& x) { return apply<ReLU>({x}); }

}  // namespace tenbin
