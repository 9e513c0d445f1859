// Leaky rectified linear unit.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct LeakyReLUFormula {
  double slope = 0.2;

  static constexpr const char* name = "leaky_relu";
  // y > 0 where x > 0 and nowhere else, unless the slope is negative: then x need not be kept.
  constexpr Retains retains() const { return slope >= 0 ? Retains::output : Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return x > 0 ? x : static_cast<T>(slope) * x;
  }
  template <class T>
  constexpr T gx(T signed_like_x, T gy) const {
    return signed_like_x > 0 ? gy : static_cast<T>(slope) * gy;
  }
};
using LeakyReLU = Elementwise<LeakyReLUFormula>;

/// Leaky rectified linear unit, y = x for x > 0 and slope * x elsewhere (Maas et al., "Rectifier
/// nonlinearities improve neural network acoustic models", 2013). The derivative at 0 is the slope. (Chainer:
/// `F.leaky_relu`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = leaky_relu(l1(x), 0.01);
inline Variable leaky_relu(const Variable& x, double slope = 0.2) {
  return apply<LeakyReLU>({x}, LeakyReLUFormula{slope});
}

}  // namespace tenbin
