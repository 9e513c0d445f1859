#include "tenbin/functions/math/clip.h"

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays Clip::forward_gpu(const Arrays& xs) {
  const auto clip = [x_min = x_min_, x_max = x_max_] __device__(auto x) {
    const auto low = static_cast<decltype(x)>(x_min);
    const auto high = static_cast<decltype(x)>(x_max);
    const auto raised = x < low ? low : x;
    return raised > high ? high : raised;
  };
  return {gpu::map(clip, xs[0])};
}

Arrays Clip::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const auto pass = [x_min = x_min_, x_max = x_max_] __device__(auto x, auto gy) {
    const auto low = static_cast<decltype(x)>(x_min);
    const auto high = static_cast<decltype(x)>(x_max);
    return low <= x && x <= high ? gy : decltype(gy){0};
  };
  return {gpu::map(pass, xs[0], gys[0])};
}

}  // namespace tenbin
