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

/// Logistic sigmoid, y = 1 / (1 + exp(-x)), without overflow at any x, and to a few units in the last place
/// as far below 0 as y is a normal number (x > -87 in float32, -708 in float64). Below that y is 0 on the
/// CPU; a GPU goes on to denormal numbers. (Chainer: `F.sigmoid`.)
///
/// x: any shape, float32 or float64; y: the same.
///
///     Variable probability = sigmoid(logit);
inline Variable sigmoid(const Variable& x) { return apply<Sigmoid>({x}); }

}  // namespace tenbin
