// Squared error of each element.
#pragma once

#include "tenbin/functions/loss/elementwise_loss.h"

namespace tenbin {

struct SquaredErrorFormula {
  static constexpr const char* name = "squared_error";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T a, T b) const {
    return (a - b) * (a - b);
  }
  template <class T>
  constexpr T ga(T a, T b, T gy) const {
    return gy * (2 * (a - b));
  }
  template <class T>
  constexpr T gb(T a, T b, T gy) const {
    return gy * (2 * (b - a));
  }
};

/// The squared error of each element, (x0 - x1)^2; both inputs get a gradient. (Chainer: `F.squared_error`.)
///
/// x0, x1: one shape and dtype, float32 or float64; the result: the same. Errors: the inputs differ in dtype
/// or shape; nothing broadcasts.
///
///     Variable loss = average(squared_error(model(x), t), {.weights = weights});
inline Variable squared_error(const Variable& x0, const Variable& x1) {
  return apply<ElementwiseLoss<SquaredErrorFormula>>({x0, x1}, "squared_error", "x0", "x1");
}

}  // namespace tenbin
