#include "tenbin/functions/math/average.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/functions/detail/arithmetic.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

namespace {

struct Divide {
  template <class T>
  constexpr T operator()(T a, T b) const {
    return a / b;
  }
};

struct DivideByCount {
  double count;
  template <class T>
  constexpr T operator()(T gy) const {
    return gy / static_cast<T>(count);
  }
};

// The part of one element in the gradient of its weight.
struct WeightTerm {
  constexpr double operator()(double g, double x, double average) const {
    const double difference = x - average;
    return std::isfinite(difference) ? g * difference : 2 * g * (x / 2 - average / 2);
  }
};

Array product(const Array& a, const Array& b) { return back_end::map(detail::Multiply(), a, b); }

Array divide(const Array& a, const Array& b) { return back_end::map(Divide(), a, b); }

#ifdef TENBIN_KERNELS

// On a GPU, averages are not computed a second time: the CPU would have to wait for them to know whether it
// is needed.
Array weight_scales(const Array&, const Array&, const Array&) { return {}; }

#else

// Whether the average is correct: no sum overflowed, and the sum of weights has a finite inverse.
bool is_correct(double y, double weight_sum) {
  return std::isfinite(y) && (weight_sum == 0 || std::isnormal(weight_sum));
}

struct ScaleOfWeights {
  double operator()(double average, double weight_sum, double largest_weight) const {
    constexpr int room = 48, most = 1000;
    const bool stays =
        is_correct(average, weight_sum) || largest_weight == 0 || !std::isfinite(largest_weight);
    return stays ? 1 : std::ldexp(1, std::min(-std::ilogb(largest_weight) - room, most));
  }
};

struct AbsoluteValue {
  double operator()(double weight) const { return std::abs(weight); }
};

// For every result a power of two: 1 if it is correct, else one that makes its weights so small that neither
// they nor their products with the elements add up to an infinity. This does not change the average. An empty
// Array if all are correct.
Array weight_scales(const Array& y, const Array& weight_sum, const Array& weights) {
  const double* const value = y.data<double>();
  const double* const sum = weight_sum.data<double>();
  if (std::equal(value, value + y.size(), sum, is_correct)) return {};
  const Array largest = cpu::max_to(cpu::map(AbsoluteValue(), weights), weight_sum.shape());
  return cpu::map(ScaleOfWeights(), y, weight_sum, largest);
}

#endif

}  // namespace

Arrays Average::TENBIN_FORWARD(const Arrays& xs) {
  const Array& x = xs[0];
  x_shape_ = x.shape();
  shapes_ = reduce_shape(*this, x, options_);
  if (xs.size() == 1) {
    retain_inputs({});
    return {back_end::mean_to(x, shapes_.kept).reshape(shapes_.result)};
  }
  retain_outputs({0});
  const Array elements = x.astype(Dtype::float64);
  Array weights = back_end::broadcast_to(xs[1].astype(Dtype::float64).reshape(weights_shape(xs)), x_shape_);
  weight_sum_ = back_end::sum_to(weights, shapes_.kept);
  Array y = divide(back_end::sum_to(product(weights, elements), shapes_.kept), weight_sum_);
  weight_scales_ = weight_scales(y, weight_sum_, weights);
  if (weight_scales_) {
    weights = product(weights, back_end::broadcast_to(weight_scales_, x_shape_));
    weight_sum_ = back_end::sum_to(weights, shapes_.kept);
    y = divide(back_end::sum_to(product(weights, elements), shapes_.kept), weight_sum_);
  }
  return {y.astype(x.dtype()).reshape(shapes_.result)};
}

Arrays Average::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array gtotal = gys[0].reshape(shapes_.kept);
  if (xs.size() == 1) {
    const Array gy = back_end::map(DivideByCount{elements_per_result()}, gtotal);
    return {back_end::broadcast_to(gy, x_shape_)};
  }
  const Dtype dtype = xs[0].dtype();
  const Array gy = divide(gtotal.astype(Dtype::float64), weight_sum_);
  const auto repeated = [&](const Array& of_results) { return back_end::broadcast_to(of_results, x_shape_); };
  Array gx;
  Array gweights;
  const Shape shape = weights_shape(xs);
  if (needs_grad(0)) {
    Array weights = back_end::broadcast_to(xs[1].astype(Dtype::float64).reshape(shape), x_shape_);
    if (weight_scales_) weights = product(weights, repeated(weight_scales_));
    gx = product(repeated(gy), weights).astype(dtype);
  }
  if (needs_grad(1)) {
    const Array y = retained_output(0).reshape(shapes_.kept).astype(Dtype::float64);
    const Array factor = weight_scales_ ? product(gy, weight_scales_) : gy;
    const Array terms =
        back_end::map(WeightTerm(), repeated(factor), xs[0].astype(Dtype::float64), repeated(y));
    gweights = back_end::sum_to(terms, shape).astype(dtype).reshape(xs[1].shape());
  }
  return {gx, gweights};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

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

TENBIN_NO_GPU(Average);

#endif

}  // namespace tenbin
