// Absolute error, of each element and its mean.
#pragma once

#include <cmath>

#include "tenbin/functions/loss/elementwise_loss.h"

namespace tenbin {

struct AbsoluteErrorFormula {
  static constexpr const char* name = "absolute_error";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T a, T b) const {
    return std::abs(a - b);
  }
  template <class T>
  constexpr T ga(T a, T b, T gy) const {
    return a > b ? gy : a < b ? -gy : T{0};
  }
  template <class T>
  constexpr T gb(T a, T b, T gy) const {
    return -ga(a, b, gy);
  }
};

/// The absolute error of each element, |x0 - x1|. Both inputs get a gradient, which is 0 where they are
/// equal. (Chainer: `F.absolute_error`.)
///
/// x0, x1: one shape and dtype, float32 or float64; the result: the same. Errors: the inputs differ in dtype
/// or shape; nothing broadcasts.
///
///     Variable errors = absolute_error(model(x), t);
inline Variable absolute_error(const Variable& x0, const Variable& x1) {
  return apply<ElementwiseLoss<AbsoluteErrorFormula>>({x0, x1}, "absolute_error", "x0", "x1");
}

/// Mean absolute error, the mean of |x0 - x1| over all elements, a scalar; 0 if there are no elements.
/// Otherwise as `absolute_error`. (Chainer: `F.mean_absolute_error`.)
///
///     Variable loss = mean_absolute_error(model(x), t);
Variable mean_absolute_error(const Variable& x0, const Variable& x1);

}  // namespace tenbin
