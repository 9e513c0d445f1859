#include "tenbin/functions/math/maximum_minimum.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/reduce.h"

namespace tenbin {

namespace {

// A NaN is taken, and of two equal elements the first.
template <class T>
constexpr bool takes_a(bool larger, T a, T b) {
  return (larger ? a >= b : a <= b) || a != a;
}

}  // namespace

Arrays MaximumMinimum::forward_gpu(const Arrays& xs) {
  const Shape shape = require_broadcast(*this, "a", xs[0], "b", xs[1]);
  const auto choose = [larger = kind_ == Kind::maximum] __device__(auto a, auto b) {
    return takes_a(larger, a, b) ? a : b;
  };
  return {gpu::map(choose, gpu::broadcast_to(xs[0], shape), gpu::broadcast_to(xs[1], shape))};
}

Arrays MaximumMinimum::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Array x0 = gpu::broadcast_to(xs[0], gy.shape());
  const Array x1 = gpu::broadcast_to(xs[1], gy.shape());
  const auto gradient = [&](std::size_t input) {
    if (!needs_grad(input)) return Array();
    const auto pass = [larger = kind_ == Kind::maximum, to_a = input == 0] __device__(auto g, auto a,
                                                                                      auto b) {
      return takes_a(larger, a, b) == to_a ? g : decltype(g){0};
    };
    return gpu::sum_to(gpu::map(pass, gy, x0, x1), xs[input].shape());
  };
  return {gradient(0), gradient(1)};
}

}  // namespace tenbin
