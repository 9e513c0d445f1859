#include "tenbin/functions/math/average.h"

#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/reduce.h"

namespace tenbin {

namespace {

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
    return {divide(gpu::sum_to(x, shapes_.kept), elements_per_result()).reshape(shapes_.result)};
  }
  retain_outputs({0});
  const Array weights = gpu::broadcast_to(xs[1].reshape(weights_shape(xs)), x_shape_);
  weight_sum_ = gpu::sum_to(weights, shapes_.kept);
  const Array total =
      gpu::sum_to(gpu::map([] __device__(auto w, auto v) { return w * v; }, weights, x), shapes_.kept);
  return {divide(total, weight_sum_).reshape(shapes_.result)};
}

Arrays Average::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array gtotal = gys[0].reshape(shapes_.kept);
  if (xs.size() == 1) return {gpu::broadcast_to(divide(gtotal, elements_per_result()), x_shape_)};
  const Array gy = gpu::broadcast_to(divide(gtotal, weight_sum_), x_shape_);
  Array gx;
  Array gweights;
  const Shape shape = weights_shape(xs);
  if (needs_grad(0)) {
    const Array weights = gpu::broadcast_to(xs[1].reshape(shape), x_shape_);
    gx = gpu::map([] __device__(auto g, auto w) { return g * w; }, gy, weights);
  }
  if (needs_grad(1)) {
    const Array y = gpu::broadcast_to(retained_output(0).reshape(shapes_.kept), x_shape_);
    const Array terms =
        gpu::map([] __device__(auto g, auto x, auto average) { return g * (x - average); }, gy, xs[0], y);
    gweights = gpu::sum_to(terms, shape).reshape(xs[1].shape());
  }
  return {gx, gweights};
}

}  // namespace tenbin
