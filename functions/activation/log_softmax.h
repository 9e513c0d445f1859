// The logarithm of softmax along an axis.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class LogSoftmax : public Function {
 public:
  explicit LogSoftmax(int axis) : axis_(axis) {}

  std::string name() const override { return "log_softmax"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  int axis_;
};

/// Logarithm of softmax, y = (x - m) - log(sum(exp(x - m))) along `axis`, where m is the largest x there. The
/// logarithm is subtracted last: added to an m of 1e8 first, as Chainer does, it would be lost to rounding. A
/// logit of -inf gives -inf; where all are -inf, or one is +inf or NaN, y is NaN. (Chainer: `F.log_softmax`.)
///
/// x: float32 or float64, any shape that has the axis; y: the same.
///
/// Errors: an axis out of range.
///
///     Variable scores = log_softmax(model(x));     // float32(N, C)
inline Variable log_softmax(const Variable& x, int axis = 1) { return apply<LogSoftmax>({x}, axis); }

}  // namespace tenbin
