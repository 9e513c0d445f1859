#include "tenbin/functions/activation/leaky_relu.h"

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

void LeakyReLU::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

void LeakyReLU::retain_sign() {
  if (!(slope_ >= 0)) return;
  retain_inputs({});
  retain_outputs({0});
}

Arrays LeakyReLU::forward_cpu(const Arrays& xs) {
  retain_sign();
  return {
      cpu::map([slope = slope_](auto x) { return x > 0 ? x : static_cast<decltype(x)>(slope) * x; }, xs[0])};
}

Arrays LeakyReLU::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const auto gradient = [slope = slope_](auto signed_like_x, auto gy) {
    return signed_like_x > 0 ? gy : static_cast<decltype(gy)>(slope) * gy;
  };
  return {cpu::map(gradient, slope_ >= 0 ? retained_output(0) : xs[0], gys[0])};
}

TENBIN_NO_GPU(LeakyReLU);

}  // namespace tenbin
