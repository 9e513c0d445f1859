#include "tenbin/functions/math/average.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

namespace {

// The shape under which the weights broadcast to x: a vector of weights lies along the one reduced axis.
Shape weights_shape(const Function& function, const Arrays& xs, const ReductionOptions& options) {
  const Array& x = xs[0];
  const Array& weights = xs[1];
  if (weights.shape() == x.shape()) return x.shape();
  if (options.axis.size() == 1 && weights.ndim() == 1) {
    const std::size_t axis = require_axis(function, x, *options.axis.begin());
    Shape shape;
    for (std::size_t i = 0; i < x.ndim(); ++i) shape.push_back(i == axis ? weights.size() : 1);
    if (shape[axis] == x.shape()[axis]) return shape;
  }
  throw Error(function.name(), ": weights must have the shape of x or the length of its one axis, got ",
              weights, " for ", x);
}

// By how much the shape shrank; any number if nothing is left.
double elements_per_result(const Shape& x, const Shape& kept) {
  double count = 1;
  for (std::size_t axis = 0; axis < x.size(); ++axis)
    if (kept[axis] != x[axis]) count *= static_cast<double>(x[axis]);
  return count;
}

Array divide(const Array& a, const Array& b) {
  return cpu::map([](auto x, auto y) { return x / y; }, a, b);
}

}  // namespace

void Average::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  reduce_shape(*this, xs[0], options_);
  if (xs.size() == 1) return;
  require_same_dtype(*this, "x", xs[0], "weights", xs[1]);
  weights_shape(*this, xs, options_);
}

Arrays Average::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  x_shape_ = x.shape();
  shapes_ = reduce_shape(*this, x, options_);
  Array total;
  if (xs.size() == 1) {
    retain_inputs({});
    divisor_ = Array::full(shapes_.kept, elements_per_result(x_shape_, shapes_.kept), x.dtype());
    total = cpu::sum_to(x, shapes_.kept);
  } else {
    retain_outputs({0});
    const Array weights = cpu::broadcast_to(xs[1].reshape(weights_shape(*this, xs, options_)), x_shape_);
    divisor_ = cpu::sum_to(weights, shapes_.kept);
    total = cpu::sum_to(cpu::map([](auto w, auto v) { return w * v; }, weights, x), shapes_.kept);
  }
  return {divide(total, divisor_).reshape(shapes_.result)};
}

Arrays Average::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array gy = cpu::broadcast_to(divide(gys[0].reshape(shapes_.kept), divisor_), x_shape_);
  if (xs.size() == 1) return {gy};
  Array gx;
  Array gweights;
  const Shape shape = weights_shape(*this, xs, options_);
  if (needs_grad(0)) {
    const Array weights = cpu::broadcast_to(xs[1].reshape(shape), x_shape_);
    gx = cpu::map([](auto g, auto w) { return g * w; }, gy, weights);
  }
  if (needs_grad(1)) {
    const Array y = cpu::broadcast_to(retained_output(0).reshape(shapes_.kept), x_shape_);
    const Array terms =
        cpu::map([](auto g, auto x, auto average) { return g * (x - average); }, gy, xs[0], y);
    gweights = cpu::sum_to(terms, shape).reshape(xs[1].shape());
  }
  return {gx, gweights};
}

TENBIN_NO_GPU(Average);

}  // namespace tenbin
