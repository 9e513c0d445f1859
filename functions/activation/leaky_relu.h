// Leaky rectified linear unit.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class LeakyReLU : public Function {
 public:
  explicit LeakyReLU(double slope) : slope_(slope) {}

  std::string name() const override { return "leaky_relu"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // y > 0 where x > 0 and nowhere else, unless the slope is negative: then x need not be kept.
  void retain_sign();

  double slope_;
};

/// Leaky rectified linear unit, y = x for x > 0 and slope * x elsewhere (Maas et al., "Rectifier
/// nonlinearities improve neural network acoustic models", 2013). The derivative at 0 is the slope. (Chainer:
/// `F.leaky_relu`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable h = leaky_relu(l1(x), 0.01);
inline Variable leaky_relu(const Variable& x, double slope = 0.2) { return apply<LeakyReLU>({x}, slope); }

}  // namespace tenbin
