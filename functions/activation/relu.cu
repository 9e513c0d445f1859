#include "tenbin/functions/activation/relu.h"

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays ReLU::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {gpu::map([] __device__(auto x) { return x < 0 ? decltype(x){0} : x; }, xs[0])};
}

Arrays ReLU::backward_gpu(const Arrays&, const Arrays& gys) {
  return {gpu::map([] __device__(auto y, auto gy) { return y > 0 ? gy : decltype(gy){0}; },
                   retained_output(0), gys[0])};
}

}  // namespace tenbin
