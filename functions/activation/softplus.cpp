#include "tenbin/functions/activation/softplus.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

void Softplus::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  if (beta_ == 0 || !std::isfinite(beta_))
    throw Error("softplus: beta must be finite and not 0, got ", beta_);
}

Arrays Softplus::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  const auto stable = [beta = beta_](auto x) {
    using T = decltype(x);
    const T z = static_cast<T>(beta) * x;
    return ((z > 0 ? z : T{0}) + std::log1p(std::exp(-std::abs(z)))) / static_cast<T>(beta);
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
