// Rectified linear unit.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class ReLU : public Function {
 public:
  std::string name() const override { return "relu"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

/// Rectified linear unit, y = max(0, x); the derivative at 0 is 0. NaN stays NaN, with derivative 0.
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = relu(l1(x));
inline Variable relu(const Variable& x) { return apply<ReLU>({x}); }

}  // namespace tenbin
