// Scaled exponential linear unit.
#pragma once

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct SELUFormula {
  double alpha = 1.6732632423543772;
  double scale = 1.0507009873554805;

  static constexpr const char* name = "selu";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    const auto s = static_cast<T>(scale), negative = static_cast<T>(scale * alpha);
    return x > 0 ? s * x : negative * formula_math::expm1(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    const auto s = static_cast<T>(scale), negative = static_cast<T>(scale * alpha);
    return gy * (x > 0 ? s : negative * formula_math::exp(x));
  }
};
using SELU = Elementwise<SELUFormula>;

/// Scaled exponential linear unit, y = scale elu(x, alpha), that is scale x for x > 0 and
/// scale alpha (exp(x) - 1) elsewhere. With the default options, layers of weights N(0, 1/fan_in) keep the
/// mean 0 and the variance 1 of their inputs (Klambauer et al., "Self-normalizing neural networks", NeurIPS
/// 2017). The derivative at 0 is scale alpha. (Chainer: `F.selu`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = selu(l1(x));
inline Variable selu(const Variable& x, double alpha = SELUFormula().alpha,
                     double scale = SELUFormula().scale) {
  return apply<SELU>({x}, SELUFormula{alpha, scale});
}

}  // namespace tenbin
