// The square root.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Sqrt : public Function {
 public:
  std::string name() const override { return "sqrt"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

/// The square root. x: float32 or float64, any shape; a negative x gives NaN, the derivative at 0 is inf.
///
///     Variable std = sqrt(mean(d * d, 0) + 1e-8);
inline Variable sqrt(const Variable& x) { return apply<Sqrt>({x}); }

}  // namespace tenbin
