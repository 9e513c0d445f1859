// The larger or the smaller of two arrays, element by element.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

/// The gradient goes to the selected element: a NaN is selected, and the first of two equal ones.
template <bool larger>
struct ExtremeFormula {
  static constexpr const char* name = larger ? "maximum" : "minimum";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  static constexpr bool takes_a(T a, T b) {
    return (larger ? a >= b : a <= b) || a != a;
  }
  template <class T>
  constexpr T y(T a, T b) const {
    return takes_a(a, b) ? a : b;
  }
  template <class T>
  constexpr T ga(T a, T b, T gy) const {
    return takes_a(a, b) ? gy : T{0};
  }
  template <class T>
  constexpr T gb(T a, T b, T gy) const {
    return takes_a(a, b) ? T{0} : gy;
  }
};
using Maximum = ElementwiseBinary<ExtremeFormula<true>>;
using Minimum = ElementwiseBinary<ExtremeFormula<false>>;

/// The larger of a and b, element by element, with NumPy broadcasting. The gradient goes to the selected
/// element, on ties to that of a; a NaN in either is selected.
///
/// a, b: float32 or float64, the same dtype, shapes that broadcast. Errors: dtypes that differ; shapes that
/// do not broadcast.
///
///     Variable hinge = maximum(1 - t * x, Array{0.f});
inline Variable maximum(const Variable& a, const Variable& b) { return apply<Maximum>({a, b}); }

/// The smaller of a and b; otherwise as `maximum`.
inline Variable minimum(const Variable& a, const Variable& b) { return apply<Minimum>({a, b}); }

}  // namespace tenbin
