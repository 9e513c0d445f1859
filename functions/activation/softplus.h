// Softplus, the smooth relu.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Softplus : public Function {
 public:
  explicit Softplus(double beta = 1) : beta_(beta) {}

  std::string name() const override { return "softplus"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  double beta_;
};

/// Softplus, y = log(1 + exp(beta x)) / beta, without overflow at any x. Its derivative is sigmoid(beta x).
/// (Chainer: `F.softplus`.)
///
/// x: any shape, float32 or float64; y: the same.
///
/// Errors: beta is 0 or not finite.
///
///     Variable scale = softplus(l2(h));     // positive
inline Variable softplus(const Variable& x, double beta = 1.0) { return apply<Softplus>({x}, beta); }

}  // namespace tenbin
