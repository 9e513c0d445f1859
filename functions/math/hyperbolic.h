// Hyperbolic sine and cosine.
#pragma once

#include <cmath>

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct SinhFormula {
  static constexpr const char* name = "sinh";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::sinh(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return gy * std::cosh(x);
  }
};

struct CoshFormula {
  static constexpr const char* name = "cosh";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::cosh(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return gy * std::sinh(x);
  }
};

/// The hyperbolic sine, (exp(x) - exp(-x)) / 2, accurate near 0, too. x: float32 or float64, any shape.
/// (Chainer: `F.sinh`.)
///
///     Variable y = sinh(x);
inline Variable sinh(const Variable& x) { return apply<Elementwise<SinhFormula>>({x}); }

/// The hyperbolic cosine, (exp(x) + exp(-x)) / 2; otherwise as `sinh`.
///
///     Variable loss = mean(log(cosh(y - t)));
inline Variable cosh(const Variable& x) { return apply<Elementwise<CoshFormula>>({x}); }

}  // namespace tenbin
