#include "tenbin/functions/array/concat.h"

#include "tenbin/core/check.h"
#include "tenbin/core/lines.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays Concat::TENBIN_FORWARD(const Arrays& xs) {
  Array y = empty_output(xs);
  back_end::join(xs, lines_along(y.shape(), require_axis(*this, y, axis_)), y);
  return {y};
}

Arrays Concat::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Lines lines = lines_along(gy.shape(), require_axis(*this, gy, axis_));
  Arrays gxs;
  gxs.resize(xs.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < xs.size(); begin += lengths_[i], ++i) {
    if (!needs_grad(i)) continue;
    gxs[i] = empty_gradient(i, gy);
    back_end::read_slice(gy, lines, begin, gxs[i]);
  }
  return gxs;
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void Concat::check(const Arrays& xs) const {
  const Array& first = xs[0];
  const std::size_t axis = require_axis(*this, first, axis_);
  for (std::size_t i = 1; i < xs.size(); ++i) {
    if (xs[i].dtype() != first.dtype())
      throw Error("concat: inputs 0 and ", i, " differ in dtype: ", first, " and ", xs[i]);
    Shape expected = first.shape();
    if (xs[i].ndim() == first.ndim()) expected[axis] = xs[i].shape()[axis];
    if (xs[i].shape() != expected)
      throw Error("concat: inputs 0 and ", i, " do not fit along axis ", axis, ": ", first, " and ", xs[i]);
  }
}

Array Concat::empty_output(const Arrays& xs) {
  retain_inputs({});
  const std::size_t axis = require_axis(*this, xs[0], axis_);
  Shape shape = xs[0].shape();
  shape[axis] = 0;
  for (const Array& x : xs) {
    lengths_.push_back(x.shape()[axis]);
    shape[axis] += lengths_.back();
  }
  return Array::empty(shape, xs[0].dtype(), xs[0].device());
}

Array Concat::empty_gradient(std::size_t input, const Array& gy) const {
  Shape shape = gy.shape();
  shape[require_axis(*this, gy, axis_)] = lengths_[input];
  return Array::empty(shape, gy.dtype(), gy.device());
}

TENBIN_NO_GPU(Concat);

#endif

}  // namespace tenbin
