#include "tenbin/functions/activation/sigmoid.h"

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"
#include "tenbin/core/vector_math.h"

namespace tenbin {

void Sigmoid::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Arrays Sigmoid::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {cpu::map([](auto x) { return vector_math::sigmoid(x); }, xs[0])};
}

Arrays Sigmoid::backward_cpu(const Arrays&, const Arrays& gys) {
  return {cpu::map([](auto y, auto gy) { return gy * y * (1 - y); }, retained_output(0), gys[0])};
}

TENBIN_NO_GPU(Sigmoid);

}  // namespace tenbin
