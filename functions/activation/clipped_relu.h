// Rectified linear unit with an upper bound.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct ClippedReLUFormula {
  double z = 20;

  static constexpr const char* name = "clipped_relu";
  static constexpr Retains retains() { return Retains::inputs; }
  void check(const Array&) const {
    if (!(z > 0)) throw Error("clipped_relu: z must be positive, got ", z);
  }
  template <class T>
  constexpr T y(T x) const {
    const T most = static_cast<T>(z);
    return x < 0 ? T{0} : x > most ? most : x;
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return 0 < x && x < static_cast<T>(z) ? gy : T{0};
  }
};
using ClippedReLU = Elementwise<ClippedReLUFormula>;

struct ReLU6Formula : ClippedReLUFormula {
  static constexpr const char* name = "relu6";
};
using ReLU6 = Elementwise<ReLU6Formula>;

/// Rectified linear unit with an upper bound, y = min(max(0, x), z); the derivative is 1 for 0 < x < z and 0
/// elsewhere, the bounds included. NaN stays NaN, with derivative 0. (Chainer: `F.clipped_relu`.)
///
/// x: any shape, float32 or float64; y: the same. Errors: z is not positive.
///
///     Variable h = clipped_relu(l1(x), 10);
inline Variable clipped_relu(const Variable& x, double z = 20.0) {
  return apply<ClippedReLU>({x}, ClippedReLUFormula{z});
}

/// `clipped_relu(x, 6)`. (Chainer: `F.relu6`.)
///
///     Variable h = relu6(l1(x));
inline Variable relu6(const Variable& x) { return apply<ReLU6>({x}, ReLU6Formula{{6}}); }

}  // namespace tenbin
