// Hyperbolic tangent.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Tanh : public Function {
 public:
  std::string name() const override { return "tanh"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

/// Hyperbolic tangent, y = tanh(x); its derivative is 1 - y^2. (Chainer: `F.tanh`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = tanh(l1(x));
inline Variable tanh(const Variable& x) { return apply<Tanh>({x}); }

}  // namespace tenbin
