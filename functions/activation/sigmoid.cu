#include "tenbin/functions/activation/sigmoid.h"

#include <cmath>

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays Sigmoid::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const auto stable = [] __device__(auto x) {
    const auto small = std::exp(-std::abs(x));  // at most 1: nothing overflows
    return (x < 0 ? small : 1) / (1 + small);
  };
  return {gpu::map(stable, xs[0])};
}

Arrays Sigmoid::backward_gpu(const Arrays&, const Arrays& gys) {
  return {gpu::map([] __device__(auto y, auto gy) { return gy * y * (1 - y); }, retained_output(0), gys[0])};
}

}  // namespace tenbin
