// Sine and cosine.
#pragma once

#include <cmath>

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct SinFormula {
  static constexpr const char* name = "sin";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::sin(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return gy * std::cos(x);
  }
};

struct CosFormula {
  static constexpr const char* name = "cos";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return std::cos(x);
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return -gy * std::sin(x);
  }
};

/// The sine of an angle in radians. x: float32 or float64, any shape; that of an infinite x is NaN. (Chainer:
/// `F.sin`.)
///
///     Variable season = sin(2 * 3.14159265358979 * x);
inline Variable sin(const Variable& x) { return apply<Elementwise<SinFormula>>({x}); }

/// The cosine; otherwise as `sin`.
inline Variable cos(const Variable& x) { return apply<Elementwise<CosFormula>>({x}); }

}  // namespace tenbin
