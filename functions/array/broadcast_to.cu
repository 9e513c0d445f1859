#include "tenbin/functions/array/broadcast_to.h"

#include "tenbin/cuda/reduce.h"

namespace tenbin {

Arrays BroadcastTo::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  return {gpu::broadcast_to(xs[0], shape_)};
}

Arrays BroadcastTo::backward_gpu(const Arrays&, const Arrays& gys) { return {gpu::sum_to(gys[0], x_shape_)}; }

}  // namespace tenbin
