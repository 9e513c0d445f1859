#include "tenbin/functions/math/minmax.h"

#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/reduce.h"

namespace tenbin {

Arrays MinMax::forward_gpu(const Arrays& xs) {
  retain_outputs({0});
  shapes_ = reduce_shape(*this, xs[0], options_);
  const auto reduce_to = kind_ == Kind::max ? gpu::max_to : gpu::min_to;
  return {reduce_to(xs[0], shapes_.kept).reshape(shapes_.result)};
}

Arrays MinMax::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array y = gpu::broadcast_to(retained_output(0).reshape(shapes_.kept), xs[0].shape());
  const Array gy = gpu::broadcast_to(gys[0].reshape(shapes_.kept), xs[0].shape());
  return {gpu::map([] __device__(auto v, auto best, auto g) { return v == best ? g : decltype(g){0}; }, xs[0],
                   y, gy)};
}

}  // namespace tenbin
