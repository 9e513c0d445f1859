#include "tenbin/functions/activation/relu.h"

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

void ReLU::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Arrays ReLU::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {cpu::map([](auto x) { return x < 0 ? decltype(x){0} : x; }, xs[0])};
}

Arrays ReLU::backward_cpu(const Arrays&, const Arrays& gys) {
  return {cpu::map([](auto y, auto gy) { return y > 0 ? gy : decltype(gy){0}; }, retained_output(0), gys[0])};
}

TENBIN_NO_GPU(ReLU);

}  // namespace tenbin
