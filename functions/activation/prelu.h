// Rectified linear unit with a slope that is trained.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct PReLUFormula {
  static constexpr const char* name = "prelu";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x, T w) const {
    return x < 0 ? w * x : x;
  }
  template <class T>
  constexpr T ga(T x, T w, T gy) const {
    return x < 0 ? gy * w : gy;
  }
  template <class T>
  constexpr T gb(T x, T, T gy) const {
    return x < 0 ? gy * x : T{0};
  }
};

/// Parametric rectified linear unit, y = W x for x < 0 and x elsewhere (He et al., "Delving deep into
/// rectifiers", ICCV 2015). The derivative at 0 is 1. (Chainer: `F.prelu`.)
///
/// x: any shape, float32 or float64; W, of the same dtype: (), one slope, or the lengths of x along its axes
/// 1, 2, ..., as (C) for one per channel; y: like x. Errors: dtypes that differ; a W of another shape.
///
///     Variable h = prelu(x, W);     // float32(8, 16, 7, 7) with float32(16)
Variable prelu(const Variable& x, const Variable& W);

}  // namespace tenbin
