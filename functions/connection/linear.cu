#include "tenbin/functions/connection/linear.h"

#include "tenbin/cuda/context.cuh"
#include "tenbin/cuda/gemm.cuh"
#include "tenbin/cuda/reduce.h"

namespace tenbin {

Arrays LinearFunction::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  const Array& W = xs[1];
  const Sizes sizes = sizes_of(x, W);
  const bool has_bias = xs.size() == 3;
  retain_inputs({0, 1});
  gpu::Context& context = gpu::Context::of(x);
  Array y = Array::empty(y_shape(x, W), x.dtype(), x.device());
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if (has_bias) gpu::repeat_middle(context, xs[2].data<T>(), 1, sizes.rows, sizes.out, y.data<T>());
    gpu::gemm(context, false, true, sizes.rows, sizes.out, sizes.in, x.data<T>(), W.data<T>(),
              has_bias ? T{1} : T{0}, y.data<T>());
  });
  return {y};
}

Arrays LinearFunction::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  const Array& W = xs[1];
  const Array& gy = gys[0];
  const Sizes sizes = sizes_of(x, W);
  gpu::Context& context = gpu::Context::of(x);
  Arrays gxs;
  gxs.resize(xs.size());
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if (needs_grad(0)) {
      gxs[0] = new_gradient(0, x);
      gpu::gemm(context, false, false, sizes.rows, sizes.in, sizes.out, gy.data<T>(), W.data<T>(), T{0},
                gxs[0].data<T>());
    }
    if (needs_grad(1)) {
      gxs[1] = new_gradient(1, W);
      gpu::gemm(context, true, false, sizes.out, sizes.in, sizes.rows, gy.data<T>(), x.data<T>(), T{0},
                gxs[1].data<T>());
    }
    if (xs.size() == 3 && needs_grad(2)) {
      gxs[2] = new_gradient(2, xs[2]);
      gpu::reduce_middle(context, gpu::Reduction::sum, gy.data<T>(), 1, sizes.rows, sizes.out,
                         gxs[2].data<T>());
    }
  });
  return gxs;
}

}  // namespace tenbin
