#include "tenbin/functions/array/broadcast_to.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/cpu/reduce.h"

namespace tenbin {

void BroadcastTo::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  if (!can_broadcast_to(xs[0].shape(), shape_))
    throw Error("broadcast_to: ", xs[0], " does not broadcast to ", shape_);
}

Arrays BroadcastTo::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  return {cpu::broadcast_to(xs[0], shape_)};
}

Arrays BroadcastTo::backward_cpu(const Arrays&, const Arrays& gys) { return {cpu::sum_to(gys[0], x_shape_)}; }

TENBIN_NO_GPU(BroadcastTo);

}  // namespace tenbin
