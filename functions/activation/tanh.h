// Hyperbolic tangent.
#pragma once

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct TanhFormula {
  static constexpr const char* name = "tanh";
  static constexpr Retains retains() { return Retains::output; }
  template <class T>
  constexpr T y(T x) const {
    return formula_math::tanh(x);
  }
  template <class T>
  constexpr T gx(T y, T gy) const {
    return gy * (1 - y * y);
  }
};
using Tanh = Elementwise<TanhFormula>;

/// Hyperbolic tangent, y = tanh(x); its derivative is 1 - y^2. (Chainer: `F.tanh`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = tanh(l1(x));
inline Variable tanh(const Variable& x) { return apply<Tanh>({x}); }

}  // namespace tenbin
