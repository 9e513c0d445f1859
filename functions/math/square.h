// The square.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct SquareFormula {
  static constexpr const char* name = "square";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return x * x;
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return gy * (2 * x);
  }
};

/// The square, x * x. x: float32 or float64, any shape. (Chainer: `F.square`.)
///
///     Variable penalty = sum(square(W));
inline Variable square(const Variable& x) { return apply<Elementwise<SquareFormula>>({x}); }

}  // namespace tenbin
