// The maximum and the minimum over axes.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/functions/math/reduction.h"

namespace tenbin {

/// The maximum or the minimum over axes.
class MinMax : public Function {
 public:
  enum class Kind { min, max };

  MinMax(Kind kind, const ReductionOptions& options) : kind_(kind), options_(options) {}
  std::string name() const override { return kind_ == Kind::max ? "max" : "min"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Kind kind_;
  ReductionOptions options_;
  ReducedShape shapes_;
};

/// The maximum over some axes, or over all of them. As in Chainer, every element that equals it gets the
/// whole gradient. With a NaN among the elements the maximum is NaN, and none of them gets a gradient.
///
/// x: float32 or float64, any shape. Errors: an axis that x does not have, or that is named twice; no
/// elements to choose from.
///
///     Variable confidence = max(softmax(x), 1);
inline Variable max(const Variable& x, const ReductionOptions& options = {}) {
  return apply<MinMax>({x}, MinMax::Kind::max, options);
}
template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
Variable max(const Variable& x, Int axis, bool keepdims = false) {
  return max(x, ReductionOptions{static_cast<int>(axis), keepdims});
}

/// The minimum over some axes, or over all of them; otherwise as `max`.
inline Variable min(const Variable& x, const ReductionOptions& options = {}) {
  return apply<MinMax>({x}, MinMax::Kind::min, options);
}
template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
Variable min(const Variable& x, Int axis, bool keepdims = false) {
  return min(x, ReductionOptions{static_cast<int>(axis), keepdims});
}

}  // namespace tenbin
