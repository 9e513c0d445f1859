#include "tenbin/functions/math/minmax.h"

#include "tenbin/core/check.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

namespace {

struct GradientOfExtreme {
  template <class T>
  constexpr T operator()(T x, T y, T gy) const {
    return x == y ? gy : T{0};
  }
};

}  // namespace

Arrays MinMax::TENBIN_FORWARD(const Arrays& xs) {
  retain_outputs({0});
  shapes_ = reduce_shape(*this, xs[0], options_);
  const auto reduce_to = kind_ == Kind::max ? back_end::max_to : back_end::min_to;
  return {reduce_to(xs[0], shapes_.kept).reshape(shapes_.result)};
}

Arrays MinMax::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array y = back_end::broadcast_to(retained_output(0).reshape(shapes_.kept), xs[0].shape());
  const Array gy = back_end::broadcast_to(gys[0].reshape(shapes_.kept), xs[0].shape());
  return {back_end::map(GradientOfExtreme(), xs[0], y, gy)};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void MinMax::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  const Shape result = reduce_shape(*this, xs[0], options_).result;
  if (xs[0].size() == 0 && element_count(result) != 0)
    throw Error(name(), ": there are no elements to choose from in ", xs[0]);
}

TENBIN_NO_GPU(MinMax);

#endif

}  // namespace tenbin
