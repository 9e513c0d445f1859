#include "tenbin/functions/activation/tanh.h"

#include <cmath>

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays Tanh::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {gpu::map([] __device__(auto x) { return std::tanh(x); }, xs[0])};
}

Arrays Tanh::backward_gpu(const Arrays&, const Arrays& gys) {
  return {gpu::map([] __device__(auto y, auto gy) { return gy * (1 - y * y); }, retained_output(0), gys[0])};
}

}  // namespace tenbin
