#include "tenbin/functions/activation/leaky_relu.h"

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays LeakyReLU::forward_gpu(const Arrays& xs) {
  retain_sign();
  const auto bend = [slope = slope_] __device__(auto x) {
    return x > 0 ? x : static_cast<decltype(x)>(slope) * x;
  };
  return {gpu::map(bend, xs[0])};
}

Arrays LeakyReLU::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const auto gradient = [slope = slope_] __device__(auto signed_like_x, auto gy) {
    return signed_like_x > 0 ? gy : static_cast<decltype(gy)>(slope) * gy;
  };
  return {gpu::map(gradient, slope_ >= 0 ? retained_output(0) : xs[0], gys[0])};
}

}  // namespace tenbin
