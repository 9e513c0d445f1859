// Logistic sigmoid.
#pragma once

#include "tenbin/functions/elementwise.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

struct SigmoidFormula {
  static constexpr const char* name = "sigmoid";
  static constexpr Retains retains() { return Retains::output; }
  template <class T>
  constexpr T y(T x) const {
    return formula_math::sigmoid(x);
  }
  template <class T>
  constexpr T gx(T y, T gy) const {
    return gy * y * (1 - y);
  }
};
using Sigmoid = Elementwise<SigmoidFormula>;

/// Logistic sigmoid, y = 1 / (1 + exp(-x)), without overflow at any x, accurate to a few units in the last
/// place where y is a normal number (x > -87 in float32, -708 in float64). For smaller x, y is 0 on the CPU
/// and denormal on a GPU. (Chainer: `F.sigmoid`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable probability = sigmoid(logit);
inline Variable sigmoid(const Variable& x) { return apply<Sigmoid>({x}); }

}  // namespace tenbin
