// The square root.
#pragma once

#include <cmath>

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct SqrtFormula {
  static constexpr const char* name = "sqrt";
  static constexpr Retains retains() { return Retains::output; }
  template <class T>
  constexpr T y(T x) const {
    return std::sqrt(x);
  }
  template <class T>
  constexpr T gx(T y, T gy) const {
    return gy / (2 * y);
  }
};
using Sqrt = Elementwise<SqrtFormula>;

/// The square root. x: float32 or float64, any shape; a negative x gives NaN, the derivative at 0 is inf.
///
///     Variable std = sqrt(mean(d * d, 0) + 1e-8);
inline Variable sqrt(const Variable& x) { return apply<Sqrt>({x}); }

}  // namespace tenbin
