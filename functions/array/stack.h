// Arrays stacked along a new axis.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Stack : public Function {
 public:
  explicit Stack(int axis) : axis_(axis) {}
  std::string name() const override { return "stack"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  int axis_;
  std::size_t position_ = 0;  // of the new axis
  Shape x_shape_;
};

/// The arrays along a new axis, which is axis `axis` of y: entry i of it is `xs[i]`. A negative axis counts
/// from the last axis of y. (Chainer: `F.stack`.)
///
/// xs: one shape and dtype, any; y: that dtype, one axis more. Errors: no input; an axis outside
/// [-(ndim + 1), ndim]; an input whose shape or dtype is not that of the first.
///
///     Variable y = stack({a, b, c}, 1);     // three float32(8, 4) to float32(8, 3, 4)
inline Variable stack(const Variables& xs, int axis = 0) { return apply<Stack>(xs, axis); }

}  // namespace tenbin
