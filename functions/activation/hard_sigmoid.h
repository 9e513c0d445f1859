// The sigmoid, approximated by three straight lines.
#pragma once

#include "tenbin/functions/elementwise.h"

namespace tenbin {

struct HardSigmoidFormula {
  static constexpr const char* name = "hard_sigmoid";
  static constexpr Retains retains() { return Retains::inputs; }
  template <class T>
  constexpr T y(T x) const {
    return x <= T{-2.5} ? T{0} : x >= T{2.5} ? T{1} : static_cast<T>(0.2) * x + T{0.5};
  }
  template <class T>
  constexpr T gx(T x, T gy) const {
    return T{-2.5} < x && x < T{2.5} ? gy * static_cast<T>(0.2) : T{0};
  }
};
using HardSigmoid = Elementwise<HardSigmoidFormula>;

/// An approximation of the sigmoid, y = min(max(0.2 x + 0.5, 0), 1); the derivative is 0.2 for |x| < 2.5 and
/// 0 elsewhere. NaN stays NaN, with derivative 0. (Chainer: `F.hard_sigmoid`; PyTorch's has the slope 1/6.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable gate = hard_sigmoid(l1(x));
inline Variable hard_sigmoid(const Variable& x) { return apply<HardSigmoid>({x}); }

}  // namespace tenbin
