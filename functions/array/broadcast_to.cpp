#include "tenbin/functions/array/broadcast_to.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays BroadcastTo::TENBIN_FORWARD(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  return {back_end::broadcast_to(xs[0], shape_)};
}

Arrays BroadcastTo::TENBIN_BACKWARD(const Arrays&, const Arrays& gys) {
  return {back_end::sum_to(gys[0], x_shape_)};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void BroadcastTo::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  if (!can_broadcast_to(xs[0].shape(), shape_))
    throw Error("broadcast_to: ", xs[0], " does not broadcast to ", shape_);
}

TENBIN_NO_GPU(BroadcastTo);

#endif

}  // namespace tenbin
