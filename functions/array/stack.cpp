#include "tenbin/functions/array/stack.h"

#include "tenbin/core/lines.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays Stack::TENBIN_FORWARD(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  position_ = new_axis(xs[0]);
  Shape shape;
  for (std::size_t i = 0; i <= x_shape_.size(); ++i) {
    if (i == position_) shape.push_back(xs.size());
    if (i < x_shape_.size()) shape.push_back(x_shape_[i]);
  }
  Array y = Array::empty(shape, xs[0].dtype(), xs[0].device());
  back_end::join(xs, lines_along(shape, position_), y);
  return {y};
}

Arrays Stack::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Lines lines = lines_along(gy.shape(), position_);
  Arrays gxs;
  gxs.resize(xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (!needs_grad(i)) continue;
    gxs[i] = Array::empty(x_shape_, gy.dtype(), gy.device());
    back_end::read_slice(gy, lines, i, gxs[i]);
  }
  return gxs;
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

std::size_t Stack::new_axis(const Array& x) const {
  const int count = static_cast<int>(x.ndim()) + 1;
  if (axis_ < -count || axis_ >= count)
    throw Error("stack: axis ", axis_, " is out of range for a new axis of ", x);
  return static_cast<std::size_t>(axis_ < 0 ? axis_ + count : axis_);
}

void Stack::check(const Arrays& xs) const {
  new_axis(xs[0]);
  for (std::size_t i = 1; i < xs.size(); ++i)
    if (xs[i].shape() != xs[0].shape() || xs[i].dtype() != xs[0].dtype())
      throw Error("stack: inputs 0 and ", i, " differ in shape or dtype: ", xs[0], " and ", xs[i]);
}

TENBIN_NO_GPU(Stack);

#endif

}  // namespace tenbin
