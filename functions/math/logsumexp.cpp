#include "tenbin/functions/math/logsumexp.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/core/log_sum.h"
#include "tenbin/functions/detail/back_end.h"
#include "tenbin/functions/formula_math.h"

namespace tenbin {

namespace {

struct FiniteOrZero {
  template <class T>
  constexpr T operator()(T max) const {
    return std::isfinite(max) ? max : T{0};
  }
};

struct ShiftedExponential {
  template <class T>
  constexpr T operator()(T x, T offset) const {
    return formula_math::exp(x - offset);
  }
};

struct ZeroWhereOne {
  template <class T>
  constexpr T operator()(T term) const {
    return term == 1 ? T{0} : term;
  }
};

struct OffsetPlusLog {
  template <class T>
  constexpr T operator()(T offset, T sum, T rest) const {
    return offset + detail::log_of_sum(sum, rest);
  }
};

struct DivideUnlessZero {
  template <class T>
  constexpr T operator()(T gy, T sum) const {
    return sum == 0 ? T{0} : gy / sum;
  }
};

struct ScaledExponential {
  template <class T>
  constexpr T operator()(T x, T offset, T scale) const {
    return scale == 0 ? scale : scale * formula_math::exp(x - offset);
  }
};

}  // namespace

Arrays LogSumExp::TENBIN_FORWARD(const Arrays& xs) {
  const Array& x = xs[0];
  shapes_ = reduce_shape(*this, x, options_);
  offset_ = back_end::map(FiniteOrZero(), back_end::max_to(x, shapes_.kept));
  const Array terms = back_end::map(ShiftedExponential(), x, back_end::broadcast_to(offset_, x.shape()));
  sum_ = back_end::sum_to(terms, shapes_.kept);
  const Array rest = back_end::sum_to(back_end::map(ZeroWhereOne(), terms), shapes_.kept);
  return {back_end::map(OffsetPlusLog(), offset_, sum_, rest).reshape(shapes_.result)};
}

// From the shifted exponentials and not from exp(x - y): next to a large x, the logarithm in y is lost to
// rounding.
Arrays LogSumExp::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array scale = back_end::map(DivideUnlessZero(), gys[0].reshape(shapes_.kept), sum_);
  const Shape& shape = xs[0].shape();
  return {back_end::map(ScaledExponential(), xs[0], back_end::broadcast_to(offset_, shape),
                        back_end::broadcast_to(scale, shape))};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void LogSumExp::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  reduce_shape(*this, xs[0], options_);
}

TENBIN_NO_GPU(LogSumExp);

#endif

}  // namespace tenbin
