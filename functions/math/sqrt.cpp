#include "tenbin/functions/math/sqrt.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"

namespace tenbin {

void Sqrt::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Arrays Sqrt::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {cpu::map([](auto x) { return std::sqrt(x); }, xs[0])};
}

Arrays Sqrt::backward_cpu(const Arrays&, const Arrays& gys) {
  return {cpu::map([](auto y, auto gy) { return gy / (2 * y); }, retained_output(0), gys[0])};
}

TENBIN_NO_GPU(Sqrt);

}  // namespace tenbin
