#include "tenbin/functions/math/logsumexp.h"

#include <cmath>

#include "tenbin/core/log_sum.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/reduce.h"

namespace tenbin {

Arrays LogSumExp::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  shapes_ = reduce_shape(*this, x, options_);
  offset_ = gpu::map([] __device__(auto max) { return std::isfinite(max) ? max : decltype(max){0}; },
                     gpu::max_to(x, shapes_.kept));
  const Array terms = gpu::map([] __device__(auto v, auto offset) { return std::exp(v - offset); }, x,
                               gpu::broadcast_to(offset_, x.shape()));
  sum_ = gpu::sum_to(terms, shapes_.kept);
  const Array rest =
      gpu::sum_to(gpu::map([] __device__(auto term) { return term == 1 ? decltype(term){0} : term; }, terms),
                  shapes_.kept);
  const auto log_of_sum = [] __device__(auto offset, auto sum, auto rest) {
    return offset + detail::log_of_sum(sum, rest);
  };
  return {gpu::map(log_of_sum, offset_, sum_, rest).reshape(shapes_.result)};
}

// From the shifted exponentials and not from exp(x - y): beside a large x, y has lost its logarithm.
Arrays LogSumExp::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array scale =
      gpu::map([] __device__(auto gy, auto sum) { return sum == 0 ? decltype(gy){0} : gy / sum; },
               gys[0].reshape(shapes_.kept), sum_);
  const Shape& shape = xs[0].shape();
  return {
      gpu::map([] __device__(auto x, auto offset, auto s) { return s == 0 ? s : s * std::exp(x - offset); },
               xs[0], gpu::broadcast_to(offset_, shape), gpu::broadcast_to(scale, shape))};
}

}  // namespace tenbin
