#include "tenbin/functions/math/logsumexp.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/core/log_sum.h"
#include "tenbin/cpu/elementwise.h"
#include "tenbin/cpu/reduce.h"
#include "tenbin/cpu/vector_math.h"

namespace tenbin {

void LogSumExp::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  reduce_shape(*this, xs[0], options_);
}

Arrays LogSumExp::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  shapes_ = reduce_shape(*this, x, options_);
  offset_ = cpu::map([](auto max) { return std::isfinite(max) ? max : decltype(max){0}; },
                     cpu::max_to(x, shapes_.kept));
  const Array terms = cpu::map([](auto v, auto offset) { return vector_math::exp(v - offset); }, x,
                               cpu::broadcast_to(offset_, x.shape()));
  sum_ = cpu::sum_to(terms, shapes_.kept);
  const Array rest = cpu::sum_to(
      cpu::map([](auto term) { return term == 1 ? decltype(term){0} : term; }, terms), shapes_.kept);
  const auto log_of_sum = [](auto offset, auto sum, auto rest) {
    return offset + detail::log_of_sum(sum, rest);
  };
  return {cpu::map(log_of_sum, offset_, sum_, rest).reshape(shapes_.result)};
}

// From the shifted exponentials and not from exp(x - y): beside a large x, y has lost its logarithm.
Arrays LogSumExp::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array scale = cpu::map([](auto gy, auto sum) { return sum == 0 ? decltype(gy){0} : gy / sum; },
                               gys[0].reshape(shapes_.kept), sum_);
  const Shape& shape = xs[0].shape();
  return {cpu::map([](auto x, auto offset, auto s) { return s == 0 ? s : s * vector_math::exp(x - offset); },
                   xs[0], cpu::broadcast_to(offset_, shape), cpu::broadcast_to(scale, shape))};
}

TENBIN_NO_GPU(LogSumExp);

}  // namespace tenbin
