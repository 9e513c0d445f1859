// The error function.
#pragma once

#include <cmath>

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct ErfFormula {
  static constexpr const char* name = "erf";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::erf(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    constexpr T two_by_root_of_pi = static_cast<T>(1.12837916709551257390L);
    return gy * (two_by_root_of_pi * formula_math::exp(-x * x));
  }
};

/// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. x: float32 or float64, any
/// shape. (Chainer: `F.erf`.)
///
///     Variable p = 0.5 * (1 + erf(x * 0.7071067811865476));     // of a standard normal variable below x
inline Variable erf(const Variable& x) { return apply<Elementwise<ErfFormula>>({x}); }

}  // namespace tenbin
