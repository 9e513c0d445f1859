#include "tenbin/functions/math/average.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/cpu/elementwise.h"
#include "tenbin/cpu/reduce.h"

namespace tenbin {

namespace {

Array product(const Array& a, const Array& b) {
  return cpu::map([](auto x, auto y) { return x * y; }, a, b);
}

Array divide(const Array& a, const Array& b) {
  return cpu::map([](auto x, auto y) { return x / y; }, a, b);
}

// Whether the average `y` is what the weights make of the elements: none of their sums is an infinity, or so
// small that its inverse would be one.
bool is_sound(double y, double weight_sum) {
  return std::isfinite(y) && (weight_sum == 0 || std::isnormal(weight_sum));
}

// For every result a power of two: 1 if it is sound, else one that makes its weights so small that neither
// they nor their products with the elements add up to an infinity. The average stays what it is. None if all
// are sound.
Array weight_scales(const Array& y, const Array& weight_sum, const Array& weights) {
  const double* const value = y.data<double>();
  const double* const sum = weight_sum.data<double>();
  if (std::equal(value, value + y.size(), sum, is_sound)) return {};
  const Array largest =
      cpu::max_to(cpu::map([](auto w) { return std::abs(w); }, weights), weight_sum.shape());
  const auto scale = [](double average, double total, double w) {
    constexpr int room = 48, most = 1000;
    const bool stays = is_sound(average, total) || w == 0 || !std::isfinite(w);
    return stays ? 1 : std::ldexp(1, std::min(-std::ilogb(w) - room, most));
  };
  return cpu::map(scale, y, weight_sum, largest);
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
    return {cpu::mean_to(x, shapes_.kept).reshape(shapes_.result)};
  }
  retain_outputs({0});
  const Array elements = x.astype(Dtype::float64);
  Array weights = cpu::broadcast_to(xs[1].astype(Dtype::float64).reshape(weights_shape(xs)), x_shape_);
  weight_sum_ = cpu::sum_to(weights, shapes_.kept);
  Array y = divide(cpu::sum_to(product(weights, elements), shapes_.kept), weight_sum_);
  weight_scales_ = weight_scales(y, weight_sum_, weights);
  if (weight_scales_) {
    weights = product(weights, cpu::broadcast_to(weight_scales_, x_shape_));
    weight_sum_ = cpu::sum_to(weights, shapes_.kept);
    y = divide(cpu::sum_to(product(weights, elements), shapes_.kept), weight_sum_);
  }
  return {y.astype(x.dtype()).reshape(shapes_.result)};
}

Arrays Average::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array gtotal = gys[0].reshape(shapes_.kept);
  if (xs.size() == 1) {
    const auto divide_by_count = [count = elements_per_result()](auto gy) {
      return gy / static_cast<decltype(gy)>(count);
    };
    return {cpu::broadcast_to(cpu::map(divide_by_count, gtotal), x_shape_)};
  }
  const Dtype dtype = xs[0].dtype();
  const Array gy = divide(gtotal.astype(Dtype::float64), weight_sum_);
  const auto repeated = [&](const Array& of_results) { return cpu::broadcast_to(of_results, x_shape_); };
  Array gx;
  Array gweights;
  const Shape shape = weights_shape(xs);
  if (needs_grad(0)) {
    Array weights = cpu::broadcast_to(xs[1].astype(Dtype::float64).reshape(shape), x_shape_);
    if (weight_scales_) weights = product(weights, repeated(weight_scales_));
    gx = product(repeated(gy), weights).astype(dtype);
  }
  if (needs_grad(1)) {
    const Array y = retained_output(0).reshape(shapes_.kept).astype(Dtype::float64);
    const auto term = [](double g, double x, double average) {
      const double difference = x - average;
      return std::isfinite(difference) ? g * difference : 2 * g * (x / 2 - average / 2);
    };
    const Array factor = weight_scales_ ? product(gy, weight_scales_) : gy;
    const Array terms = cpu::map(term, repeated(factor), xs[0].astype(Dtype::float64), repeated(y));
    gweights = cpu::sum_to(terms, shape).astype(dtype).reshape(xs[1].shape());
  }
  return {gx, gweights};
}

TENBIN_NO_GPU(Average);

}  // namespace tenbin
