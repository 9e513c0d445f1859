#include "tenbin/functions/array/stack.h"

#include "tenbin/core/lines.h"
#include "tenbin/functions/array/detail/new_axis.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays Stack::TENBIN_FORWARD(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  position_ = detail::require_new_axis(*this, xs[0], axis_);
  const Shape shape = detail::with_axis(x_shape_, position_, xs.size());
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

void Stack::check(const Arrays& xs) const {
  detail::require_new_axis(*this, xs[0], axis_);
  for (std::size_t i = 1; i < xs.size(); ++i)
    if (xs[i].shape() != xs[0].shape() || xs[i].dtype() != xs[0].dtype())
      throw Error("stack: inputs 0 and ", i, " differ in shape or dtype: ", xs[0], " and ", xs[i]);
}

TENBIN_NO_GPU(Stack);

#endif

}  // namespace tenbin
