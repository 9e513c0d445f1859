#include "tenbin/functions/activation/softplus.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

void Softplus::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  if (beta_ == 0 || !std::isfinite(beta_))
    throw Error("softplus: beta must be finite and not 0, got ", beta_);
  if (xs[0].dtype() == Dtype::float32 && static_cast<float>(beta_) == 0)
    throw Error("softplus: beta must not round to 0 in float32, got ", beta_);
}

Arrays Softplus::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const auto stable = [beta = beta_](auto x) {
    using T = decltype(x);
    const T b = static_cast<T>(beta);
    // The linear part comes from x itself: beta x may overflow where x does not.
    const T linear = (b > 0) == (x < 0) ? T{0} : x;
    return linear + std::log1p(std::exp(-std::abs(b * x))) / b;
  };
  return {cpu::map(stable, xs[0])};
}

Arrays Softplus::backward_cpu(const Arrays&, const Arrays& gys) {
  // exp(-beta y) = 1 / (1 + exp(beta x)), so that the sigmoid follows from y alone.
  const auto gradient = [beta = beta_](auto y, auto gy) {
    return gy * -std::expm1(-static_cast<decltype(y)>(beta) * y);
  };
  return {cpu::map(gradient, retained_output(0), gys[0])};
}

TENBIN_NO_GPU(Softplus);

}  // namespace tenbin
