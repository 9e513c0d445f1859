#include "tenbin/functions/activation/softplus.h"

#include <cmath>

#include "tenbin/cuda/elementwise.cuh"

namespace tenbin {

Arrays Softplus::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const auto stable = [beta = beta_] __device__(auto x) {
    using T = decltype(x);
    const T b = static_cast<T>(beta);
    // The linear part comes from x itself: beta x may overflow where x does not.
    const T linear = (b > 0) == (x < 0) ? T{0} : x;
    return linear + std::log1p(std::exp(-std::abs(b * x))) / b;
  };
  return {gpu::map(stable, xs[0])};
}

Arrays Softplus::backward_gpu(const Arrays&, const Arrays& gys) {
  // exp(-beta y) = 1 / (1 + exp(beta x)), so that the sigmoid follows from y alone.
  const auto gradient = [beta = beta_] __device__(auto y, auto gy) {
    return gy * -std::expm1(-static_cast<decltype(y)>(beta) * y);
  };
  return {gpu::map(gradient, retained_output(0), gys[0])};
}

}  // namespace tenbin
