#include "tenbin/functions/math/exponential.h"

#include <cmath>

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays Exp::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {gpu::map([] __device__(auto x) { return std::exp(x); }, xs[0])};
}

Arrays Exp::backward_gpu(const Arrays&, const Arrays& gys) {
  return {gpu::map([] __device__(auto y, auto gy) { return y * gy; }, retained_output(0), gys[0])};
}

Arrays Log::forward_gpu(const Arrays& xs) {
  return {gpu::map([] __device__(auto x) { return std::log(x); }, xs[0])};
}

Arrays Log::backward_gpu(const Arrays& xs, const Arrays& gys) {
  return {gpu::map([] __device__(auto x, auto gy) { return gy / x; }, xs[0], gys[0])};
}

}  // namespace tenbin
