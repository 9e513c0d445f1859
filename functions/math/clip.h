// Limits values to an interval.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct ClipFormula {
  double x_min, x_max;

  static constexpr const char* name = "clip";
  static constexpr Retains retains() { return Retains::inputs; }
  void check(const Array&) const {
    if (!(x_min <= x_max)) throw Error("clip: expected x_min <= x_max, got ", x_min, " and ", x_max);
  }
  template <class T>
  constexpr T y(T x) const {
    const auto low = static_cast<T>(x_min);
    const auto high = static_cast<T>(x_max);
    const T raised = x < low ? low : x;
    return raised > high ? high : raised;
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    const auto low = static_cast<T>(x_min);
    const auto high = static_cast<T>(x_max);
    return low <= x && x <= high ? gy : T{0};
  }
};
using Clip = Elementwise<ClipFormula>;

/// min(max(x, x_min), x_max). The gradient passes where x_min <= x <= x_max, bounds included, and is 0
/// outside; a NaN stays NaN.
///
/// x: float32 or float64, any shape; an infinite bound leaves that side open. Errors: x_min is greater than
/// x_max, or one of them is NaN.
///
///     Variable p = clip(sigmoid(x), 1e-7, 1 - 1e-7);
inline Variable clip(const Variable& x, double x_min, double x_max) {
  return apply<Clip>({x}, ClipFormula{x_min, x_max});
}

}  // namespace tenbin
