// Softplus, the smooth relu.
#pragma once

#include <cmath>

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct SoftplusFormula {
  double beta = 1;

  static constexpr const char* name = "softplus";
  static constexpr Retains retains() { return Retains::output; }
  void check(const Array& x) const {
    if (beta == 0 || !std::isfinite(beta)) throw Error("softplus: beta must be finite and not 0, got ", beta);
    if (x.dtype() == Dtype::float32 && static_cast<float>(beta) == 0)
      throw Error("softplus: beta must not round to 0 in float32, got ", beta);
  }
  template <class T>
  constexpr T y(T x) const {
    const T b = static_cast<T>(beta);
    // The linear part comes from x itself: beta x may overflow where x does not.
    const T linear = (b > 0) == (x < 0) ? T{0} : x;
    return linear + formula_math::softplus_tail(b * x) / b;
  }
  // exp(-beta y) = 1 / (1 + exp(beta x)), so that the sigmoid follows from y alone.
  template <class T>
  constexpr T gx(T y, T gy) const {
    return gy * -formula_math::expm1(-static_cast<T>(beta) * y);
  }
};
using Softplus = Elementwise<SoftplusFormula>;

/// Softplus, y = log(1 + exp(beta x)) / beta, without overflow at any x. Its derivative is sigmoid(beta x).
/// (Chainer: `F.softplus`.)
///
/// x: any shape, float32 or float64; y: the same.
///
/// Errors: beta is 0 or not finite.
///
///     Variable scale = softplus(l2(h));     // positive
inline Variable softplus(const Variable& x, double beta = 1.0) {
  return apply<Softplus>({x}, SoftplusFormula{beta});
}

}  // namespace tenbin
