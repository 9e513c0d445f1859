// The exponential function and the natural logarithm.
#pragma once

#include <cmath>

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct ExpFormula {
  static constexpr const char* name = "exp";
  static constexpr Retains retains() { return Retains::output; }
  template <class T>
  constexpr T y(T x) const {
    return formula_math::exp(x);
  }
  template <class T>
  constexpr T gx(T y, T gy) const {
    return y * gy;
  }
};
using Exp = Elementwise<ExpFormula>;

struct LogFormula {
  static constexpr const char* name = "log";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::log(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return gy / x;
  }
};
using Log = Elementwise<LogFormula>;

/// e to the power x. x: float32 or float64, any shape.
///
///     Variable p = exp(log_softmax(x));
inline Variable exp(const Variable& x) { return apply<Exp>({x}); }

/// The natural logarithm. x: float32 or float64, any shape; log 0 is -inf and a negative x gives NaN.
///
///     Variable entropy = -sum(p * log(p));
inline Variable log(const Variable& x) { return apply<Log>({x}); }

}  // namespace tenbin
