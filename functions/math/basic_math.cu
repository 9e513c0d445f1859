#include "tenbin/functions/math/basic_math.h"

#include <cmath>

#include "tenbin/core/broadcast.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/reduce.h"
#include "tenbin/functions/math/power.h"

namespace tenbin {

using detail::power_by_base;
using detail::power_by_exponent;

namespace {

// f(elements..., scalar), the scalar in the elements' dtype.
template <class F>
struct WithScalar {
  F f;
  double scalar;

  template <class T, class... Rest>
  __device__ T operator()(T first, Rest... rest) const {
    return f(first, rest..., static_cast<T>(scalar));
  }
};

template <class F, class... Inputs>
Arrays map_with_scalar(double scalar, F f, const Inputs&... xs) {
  return {gpu::map(WithScalar<F>{f, scalar}, xs...)};
}

}  // namespace

Arrays BinaryOperation::forward_gpu(const Arrays& xs) {
  const Shape shape = prepare(xs);
  const Array a = gpu::broadcast_to(xs[0], shape);
  const Array b = gpu::broadcast_to(xs[1], shape);
  switch (kind_) {
    case Kind::add:
      return {gpu::map([] __device__(auto x, auto y) { return x + y; }, a, b)};
    case Kind::sub:
      return {gpu::map([] __device__(auto x, auto y) { return x - y; }, a, b)};
    case Kind::mul:
      return {gpu::map([] __device__(auto x, auto y) { return x * y; }, a, b)};
    case Kind::div:
      return {gpu::map([] __device__(auto x, auto y) { return x / y; }, a, b)};
    case Kind::pow:
      break;
  }
  return {gpu::map([] __device__(auto x, auto y) { return std::pow(x, y); }, a, b)};
}

Arrays BinaryOperation::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  Array a, b;
  if (xs[0]) a = gpu::broadcast_to(xs[0], gy.shape());
  if (xs[1]) b = gpu::broadcast_to(xs[1], gy.shape());

  const auto by_a = [&]() -> Array {
    switch (kind_) {
      case Kind::add:
      case Kind::sub:
        return gy;
      case Kind::mul:
        return gpu::map([] __device__(auto g, auto y) { return g * y; }, gy, b);
      case Kind::div:
        return gpu::map([] __device__(auto g, auto y) { return g / y; }, gy, b);
      case Kind::pow:
        break;
    }
    return gpu::map([] __device__(auto g, auto x, auto y) { return g * power_by_base(x, y); }, gy, a, b);
  };
  const auto by_b = [&]() -> Array {
    switch (kind_) {
      case Kind::add:
        return gy;
      case Kind::sub:
        return gpu::map([] __device__(auto g) { return -g; }, gy);
      case Kind::mul:
        return gpu::map([] __device__(auto g, auto x) { return g * x; }, gy, a);
      case Kind::div:  // divided twice: y * y could underflow
        return gpu::map([] __device__(auto g, auto x, auto y) { return -(g / y) * (x / y); }, gy, a, b);
      case Kind::pow:
        break;
    }
    const auto gradient = [] __device__(auto g, auto x, auto y, auto power) {
      return g * power_by_exponent(x, y, power);
    };
    return gpu::map(gradient, gy, a, b, retained_output(0));
  };
  return {needs_grad(0) ? gpu::sum_to(by_a(), a_shape_) : Array(),
          needs_grad(1) ? gpu::sum_to(by_b(), b_shape_) : Array()};
}

Arrays ScalarOperation::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  retain_operands();
  switch (kind_) {
    case Kind::add:
      return map_with_scalar(
          scalar_, [] __device__(auto v, auto c) { return v + c; }, x);
    case Kind::sub:
      return map_with_scalar(
          scalar_, [] __device__(auto v, auto c) { return v - c; }, x);
    case Kind::rsub:
      return map_with_scalar(
          scalar_, [] __device__(auto v, auto c) { return c - v; }, x);
    case Kind::mul:
      return map_with_scalar(
          scalar_, [] __device__(auto v, auto c) { return v * c; }, x);
    case Kind::div:
      return map_with_scalar(
          scalar_, [] __device__(auto v, auto c) { return v / c; }, x);
    case Kind::rdiv:
      return map_with_scalar(
          scalar_, [] __device__(auto v, auto c) { return c / v; }, x);
    case Kind::pow:
      if (scalar_ == 2) return {gpu::map([] __device__(auto v) { return v * v; }, x)};
      return map_with_scalar(
          scalar_, [] __device__(auto v, auto c) { return std::pow(v, c); }, x);
    case Kind::rpow:
      break;
  }
  return map_with_scalar(
      scalar_, [] __device__(auto v, auto c) { return std::pow(c, v); }, x);
}

Arrays ScalarOperation::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Array& x = xs[0];
  switch (kind_) {
    case Kind::add:
    case Kind::sub:
      return {gy};
    case Kind::rsub:
      return {gpu::map([] __device__(auto g) { return -g; }, gy)};
    case Kind::mul:
      return map_with_scalar(
          scalar_, [] __device__(auto g, auto c) { return g * c; }, gy);
    case Kind::div:
      return map_with_scalar(
          scalar_, [] __device__(auto g, auto c) { return g / c; }, gy);
    case Kind::rdiv:
      return map_with_scalar(
          scalar_, [] __device__(auto g, auto v, auto c) { return g * (-(c / v) / v); }, gy, x);
    case Kind::pow:
      if (scalar_ == 2)
        return map_with_scalar(
            scalar_, [] __device__(auto g, auto v, auto c) { return g * (c * v); }, gy, x);
      return map_with_scalar(
          scalar_, [] __device__(auto g, auto v, auto c) { return g * power_by_base(v, c); }, gy, x);
    case Kind::rpow:
      break;
  }
  const auto gradient = [] __device__(auto g, auto v, auto power, auto c) {
    return g * power_by_exponent(c, v, power);
  };
  return map_with_scalar(scalar_, gradient, gy, x, retained_output(0));
}

Arrays Neg::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  return {gpu::map([] __device__(auto x) { return -x; }, xs[0])};
}

Arrays Neg::backward_gpu(const Arrays&, const Arrays& gys) {
  return {gpu::map([] __device__(auto gy) { return -gy; }, gys[0])};
}

Arrays Absolute::forward_gpu(const Arrays& xs) {
  return {gpu::map([] __device__(auto x) { return std::abs(x); }, xs[0])};
}

Arrays Absolute::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const auto gradient = [] __device__(auto x, auto gy) {
    if (x > 0) return gy;
    return x < 0 ? -gy : decltype(gy){0};
  };
  return {gpu::map(gradient, xs[0], gys[0])};
}

}  // namespace tenbin
