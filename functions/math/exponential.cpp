#include "tenbin/functions/math/exponential.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/core/elementwise.h"
#include "tenbin/core/vector_math.h"

namespace tenbin {

void Exp::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Arrays Exp::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  retain_outputs({0});
  return {cpu::map([](auto x) { return vector_math::exp(x); }, xs[0])};
}

Arrays Exp::backward_cpu(const Arrays&, const Arrays& gys) {
  return {cpu::map([](auto y, auto gy) { return y * gy; }, retained_output(0), gys[0])};
}

TENBIN_NO_GPU(Exp);

void Log::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }

Arrays Log::forward_cpu(const Arrays& xs) {
  return {cpu::map([](auto x) { return std::log(x); }, xs[0])};
}

Arrays Log::backward_cpu(const Arrays& xs, const Arrays& gys) {
  return {cpu::map([](auto x, auto gy) { return gy / x; }, xs[0], gys[0])};
}

TENBIN_NO_GPU(Log);

}  // namespace tenbin
