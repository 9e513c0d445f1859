// Logistic sigmoid.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Sigmoid : public Function {
 public:
  std::string name() const override { return "sigmoid"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

/// Logistic sigmoid, y = 1 / (1 + exp(-x)), without overflow at any x and with full relative precision far
/// below 0. (Chainer: `F.sigmoid`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable probability = sigmoid(logit);
inline Variable sigmoid(const Variable& x) { return apply<Sigmoid>({x}); }

}  // namespace tenbin
