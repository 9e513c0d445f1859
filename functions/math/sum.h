// The sum over axes.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/functions/math/reduction.h"

namespace tenbin {

class Sum : public Function {
 public:
  explicit Sum(const ReductionOptions& options) : options_(options) {}
  std::string name() const override { return "sum"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  ReductionOptions options_;
  ReducedShape shapes_;
  Shape x_shape_;
};

/// The sum over some axes, or over all of them. The sum of no elements is 0.
///
/// x: float32 or float64, any shape. float32 is summed in float64 and rounded once. Errors: an axis that x
/// does not have, or that is named twice.
///
///     sum(x);                                       // a scalar
///     sum(x, 1);
///     sum(x, {.axis = {0, 2}, .keepdims = true});
inline Variable sum(const Variable& x, const ReductionOptions& options = {}) {
  return apply<Sum>({x}, options);
}
template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
Variable sum(const Variable& x, Int axis, bool keepdims = false) {
  return sum(x, ReductionOptions{static_cast<int>(axis), keepdims});
}

}  // namespace tenbin
