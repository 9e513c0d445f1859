#include "tenbin/functions/math/minmax.h"

#include "tenbin/core/check.h"
#include "tenbin/cpu/elementwise.h"
#include "tenbin/cpu/reduce.h"

namespace tenbin {

void MinMax::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  const Shape result = reduce_shape(*this, xs[0], options_).result;
  if (xs[0].size() == 0 && element_count(result) != 0)
    throw Error(name(), ": there are no elements to choose from in ", xs[0]);
}

Arrays MinMax::forward_cpu(const Arrays& xs) {
  retain_outputs({0});
  shapes_ = reduce_shape(*this, xs[0], options_);
  const auto reduce_to = kind_ == Kind::max ? cpu::max_to : cpu::min_to;
  return {reduce_to(xs[0], shapes_.kept).reshape(shapes_.result)};
}

Arrays MinMax::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array y = cpu::broadcast_to(retained_output(0).reshape(shapes_.kept), xs[0].shape());
  const Array gy = cpu::broadcast_to(gys[0].reshape(shapes_.kept), xs[0].shape());
  return {cpu::map([](auto v, auto best, auto g) { return v == best ? g : decltype(g){0}; }, xs[0], y, gy)};
}

TENBIN_NO_GPU(MinMax);

}  // namespace tenbin
