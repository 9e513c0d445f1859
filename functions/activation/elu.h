// Exponential linear unit.
#pragma once

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct ELUFormula {
  double alpha = 1;

  static constexpr const char* name = "elu";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return x < 0 ? static_cast<T>(alpha) * formula_math::expm1(x) : x;
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return x < 0 ? gy * static_cast<T>(alpha) * formula_math::exp(x) : gy;
  }
};
using ELU = Elementwise<ELUFormula>;

/// Exponential linear unit, y = alpha (exp(x) - 1) for x < 0 and x elsewhere (Clevert, Unterthiner and
/// Hochreiter, "Fast and accurate deep network learning by exponential linear units (ELUs)", ICLR 2016). The
/// derivative at 0 is 1. Accurate near 0, too. (Chainer: `F.elu`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = elu(l1(x));
inline Variable elu(const Variable& x, double alpha = 1.0) { return apply<ELU>({x}, ELUFormula{alpha}); }

}  // namespace tenbin
