#include "tenbin/functions/math/sqrt.h"

#include <cmath>

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays Sqrt::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {gpu::map([] __device__(auto x) { return std::sqrt(x); }, xs[0])};
}

Arrays Sqrt::backward_gpu(const Arrays&, const Arrays& gys) {
  return {gpu::map([] __device__(auto y, auto gy) { return gy / (2 * y); }, retained_output(0), gys[0])};
}

}  // namespace tenbin
