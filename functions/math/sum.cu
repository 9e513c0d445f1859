#include "tenbin/functions/math/sum.h"

#include "tenbin/cuda/reduce.h"

namespace tenbin {

Arrays Sum::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  shapes_ = reduce_shape(*this, xs[0], options_);
  return {gpu::sum_to(xs[0], shapes_.kept).reshape(shapes_.result)};
}

Arrays Sum::backward_gpu(const Arrays&, const Arrays& gys) {
  return {gpu::broadcast_to(gys[0].reshape(shapes_.kept), x_shape_)};
}

}  // namespace tenbin
