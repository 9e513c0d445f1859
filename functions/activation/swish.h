// Swish, which is SiLU for beta = 1.
#pragma once

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

/// The formula of an array and of beta, a number or an array.
struct SwishOfBetaFormula {
  static constexpr const char* name = "swish";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x, T beta) const {
    const T gate = formula_math::sigmoid(beta * x);
    return gate == 0 ? T{0} : x * gate;  // x may be infinite
  }
  template <class T>
  constexpr T ga(T x, T beta, T gy) const {
    const T slope = slope_of_gate(beta * x);
    return gy * (formula_math::sigmoid(beta * x) + (slope == 0 ? T{0} : beta * x * slope));
  }
  template <class T>
  constexpr T gb(T x, T beta, T gy) const {
    const T slope = slope_of_gate(beta * x);
    return slope == 0 ? T{0} : gy * (x * slope * x);
  }

 private:
  // 1 - sigmoid(z) would lose the digits of a z >> 0.
  template <class T>
  static constexpr T slope_of_gate(T z) {
    return formula_math::sigmoid(z) * formula_math::sigmoid(-z);
  }
};

struct SwishFormula {
  double beta = 1;

  static constexpr const char* name = "swish";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return SwishOfBetaFormula().y(x, static_cast<T>(beta));
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return SwishOfBetaFormula().ga(x, static_cast<T>(beta), gy);
  }
};
using Swish = Elementwise<SwishFormula>;

/// Swish, y = x sigmoid(beta x) (Ramachandran, Zoph and Le, "Searching for activation functions", 2017). With
/// beta = 1 it is SiLU (PyTorch: `silu`). For beta > 0, y is 0 at -inf.
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = swish(l1(x));
inline Variable swish(const Variable& x, double beta = 1.0) { return apply<Swish>({x}, SwishFormula{beta}); }

/// The same with a beta that is trained. (Chainer: `F.swish`.)
///
/// beta, of x's dtype: (), one number, or the lengths of x along its axes 1, 2, ..., as (C) for one per
/// channel. Errors: dtypes that differ; a beta of another shape.
///
///     Variable h = swish(x, beta);     // float32(8, 16) with float32(16)
Variable swish(const Variable& x, const Variable& beta);

}  // namespace tenbin
