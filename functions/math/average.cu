#include "tenbin/functions/math/average.h"

#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/reduce.h"

namespace tenbin {

namespace {

Array product(const Array& a, const Array& b) {
  return gpu::map([] __device__(auto x, auto y) { return x * y; }, a, b);
}

Array divide(const Array& a, const Array& b) {
  return gpu::map([] __device__(auto x, auto y) { return x / y; }, a, b);
}

Array divide(const Array& a, double b) {
  return gpu::map([b] __device__(auto x) { return x / static_cast<decltype(x)>(b); }, a);
}

}  // namespace

Arrays Average::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  x_shape_ = x.shape();
  shapes_ = reduce_shape(*this, x, options_);
  if (xs.size() == 1) {
    retain_inputs({});
    return {gpu::mean_to(x, shapes_.kept).reshape(shapes_.result)};
  }
  retain_outputs({0});
  const Array weights = gpu::broadcast_to(xs[1].astype(Dtype::float64).reshape(weights_shape(xs)), x_shape_);
  weight_sum_ = gpu::sum_to(weights, shapes_.kept);
  const Array total = gpu::sum_to(product(weights, x.astype(Dtype::float64)), shapes_.kept);
  return {divide(total, weight_sum_).astype(x.dtype()).reshape(shapes_.result)};
}

Arrays Average::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array gtotal = gys[0].reshape(shapes_.kept);
  if (xs.size() == 1) return {gpu::broadcast_to(divide(gtotal, elements_per_result()), x_shape_)};
  const Dtype dtype = xs[0].dtype();
  const Array gy = gpu::broadcast_to(divide(gtotal.astype(Dtype::float64), weight_sum_), x_shape_);
  Array gx;
  Array gweights;
  const Shape shape = weights_shape(xs);
  if (needs_grad(0)) {
    const Array weights = gpu::broadcast_to(xs[1].astype(Dtype::float64).reshape(shape), x_shape_);
    gx = product(gy, weights).astype(dtype);
  }
  if (needs_grad(1)) {
    const Array y =
        gpu::broadcast_to(retained_output(0).reshape(shapes_.kept).astype(Dtype::float64), x_shape_);
    const Array terms = gpu::map([] __device__(auto g, auto x, auto average) { return g * (x - average); },
                                 gy, xs[0].astype(Dtype::float64), y);
    gweights = gpu::sum_to(terms, shape).astype(dtype).reshape(xs[1].shape());
  }
  return {gx, gweights};
}

}  // namespace tenbin
