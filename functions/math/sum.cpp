#include "tenbin/functions/math/sum.h"

#include "tenbin/core/check.h"
#include "tenbin/cpu/reduce.h"

namespace tenbin {

void Sum::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  reduce_shape(*this, xs[0], options_);
}

Arrays Sum::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  shapes_ = reduce_shape(*this, xs[0], options_);
  return {cpu::sum_to(xs[0], shapes_.kept).reshape(shapes_.result)};
}

Arrays Sum::backward_cpu(const Arrays&, const Arrays& gys) {
  return {cpu::broadcast_to(gys[0].reshape(shapes_.kept), x_shape_)};
}

TENBIN_NO_GPU(Sum);

}  // namespace tenbin
