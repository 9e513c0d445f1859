// Softmax along an axis.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Softmax : public Function {
 public:
  explicit Softmax(int axis) : axis_(axis) {}

  std::string name() const override { return "softmax"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  int axis_;
};

/// Softmax, y = exp(x - m) / sum(exp(x - m)) along `axis`, where m is the largest x there: nothing overflows.
/// A logit of -inf has probability 0; where all are -inf, or one is +inf or NaN, y is NaN. (Chainer:
/// `F.softmax`.)
///
/// x: float32 or float64, any shape that has the axis; y: the same.
///
/// Errors: an axis out of range.
///
///     Variable probabilities = softmax(model(x));     // float32(N, C): each row sums to 1
inline Variable softmax(const Variable& x, int axis = 1) { return apply<Softmax>({x}, axis); }

}  // namespace tenbin
