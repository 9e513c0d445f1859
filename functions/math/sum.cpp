#include "tenbin/functions/math/sum.h"

#include "tenbin/core/check.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays Sum::TENBIN_FORWARD(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  shapes_ = reduce_shape(*this, xs[0], options_);
  return {back_end::sum_to(xs[0], shapes_.kept).reshape(shapes_.result)};
}

Arrays Sum::TENBIN_BACKWARD(const Arrays&, const Arrays& gys) {
  return {back_end::broadcast_to(gys[0].reshape(shapes_.kept), x_shape_)};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void Sum::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  reduce_shape(*this, xs[0], options_);
}

TENBIN_NO_GPU(Sum);

#endif

}  // namespace tenbin
