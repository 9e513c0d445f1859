// The logarithm of a sum of exponentials over axes.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/functions/math/reduction.h"

namespace tenbin {

class LogSumExp : public Function {
 public:
  explicit LogSumExp(const ReductionOptions& options) : options_(options) {}
  std::string name() const override { return "logsumexp"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  ReductionOptions options_;
  ReducedShape shapes_;
  Array offset_;  // the maximum, or 0 where that is not finite
  Array sum_;     // of exp(x - offset)
};

/// log(sum(exp(x))) over some axes, or over all of them, without overflow: max + log(sum(exp(x - max))). The
/// gradient is the softmax over those axes.
///
/// x: float32 or float64, any shape. Elements that are all -inf, or none at all, give -inf, with gradient 0.
/// Errors: an axis that x does not have, or that is named twice. Chainer's has no `keepdims`.
///
///     Variable log_z = logsumexp(x, {.axis = 1, .keepdims = true});
inline Variable logsumexp(const Variable& x, const ReductionOptions& options = {}) {
  return apply<LogSumExp>({x}, options);
}
template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
Variable logsumexp(const Variable& x, Int axis, bool keepdims = false) {
  return logsumexp(x, ReductionOptions{static_cast<int>(axis), keepdims});
}

}  // namespace tenbin
