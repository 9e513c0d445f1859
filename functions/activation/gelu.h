// Gaussian error linear unit.
#pragma once

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct GELUFormula {
  static constexpr const char* name = "gelu";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    const T p = probability(x);
    return p == 0 ? T{0} : x * p;  // x may be -inf
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    constexpr T inverse_root_of_2_pi = static_cast<T>(0.39894228040143267794L);
    const T density = inverse_root_of_2_pi * formula_math::exp(-x * x / 2);
    return gy * (probability(x) + (density == 0 ? T{0} : x * density));
  }

 private:
  // Of a standard normal variable below x: (1 + erf(x / sqrt 2)) / 2, with its digits for x << 0, too.
  template <class T>
  static constexpr T probability(T x) {
    constexpr T root_of_half = static_cast<T>(0.70710678118654752440L);
    return formula_math::erfc(-x * root_of_half) / 2;
  }
};
using GELU = Elementwise<GELUFormula>;

/// Gaussian error linear unit, y = x P(Z <= x) = x (1 + erf(x / sqrt 2)) / 2 with a standard normal Z
/// (Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016): the exact one, not its approximation
/// by tanh. y is 0 at -inf. (PyTorch: `gelu`; Chainer has none.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = gelu(l1(x));
inline Variable gelu(const Variable& x) { return apply<GELU>({x}); }

}  // namespace tenbin
