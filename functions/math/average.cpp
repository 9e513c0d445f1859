#include "tenbin/functions/math/average.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

namespace {

Array divide(const Array& a, const Array& b) {
  return cpu::map([](auto x, auto y) { return x / y; }, a, b);
}

Array divide(const Array& a, double b) {
  return cpu::map([b](auto x) { return x / static_cast<decltype(x)>(b); }, a);
}

}  // namespace

Shape Average::weights_shape(const Arrays& xs) const {
  const Array& x = xs[0];
  const Array& weights = xs[1];
  if (weights.shape() == x.shape()) return x.shape();
  if (options_.axis.size() == 1 && weights.ndim() == 1) {
    const std::size_t axis = require_axis(*this, x, *options_.axis.begin());
    Shape shape;
    for (std::size_t i = 0; i < x.ndim(); ++i) shape.push_back(i == axis ? weights.size() : 1);
    if (shape[axis] == x.shape()[axis]) return shape;
  }
  throw Error(name(), ": weights must have the shape of x or the length of its one axis, got ", weights,
              " for ", x);
}

double Average::elements_per_result() const {
  double count = 1;
  for (std::size_t axis = 0; axis < x_shape_.size(); ++axis)
    if (shapes_.kept[axis] != x_shape_[axis]) count *= static_cast<double>(x_shape_[axis]);
  return count;
}

void Average::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  reduce_shape(*this, xs[0], options_);
  if (xs.size() == 1) return;
  require_same_dtype(*this, "x", xs[0], "weights", xs[1]);
  weights_shape(xs);
}

Arrays Average::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  x_shape_ = x.shape();
  shapes_ = reduce_shape(*this, x, options_);
  if (xs.size() == 1) {
    retain_inputs({});
    return {divide(cpu::sum_to(x, shapes_.kept), elements_per_result()).reshape(shapes_.result)};
  }
  retain_outputs({0});
  const Array weights = cpu::broadcast_to(xs[1].reshape(weights_shape(xs)), x_shape_);
  weight_sum_ = cpu::sum_to(weights, shapes_.kept);
  const Array total = cpu::sum_to(cpu::map([](auto w, auto v) { return w * v; }, weights, x), shapes_.kept);
  return {divide(total, weight_sum_).reshape(shapes_.result)};
}

Arrays Average::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array gtotal = gys[0].reshape(shapes_.kept);
  if (xs.size() == 1) return {cpu::broadcast_to(divide(gtotal, elements_per_result()), x_shape_)};
  const Array gy = cpu::broadcast_to(divide(gtotal, weight_sum_), x_shape_);
  Array gx;
  Array gweights;
  const Shape shape = weights_shape(xs);
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
