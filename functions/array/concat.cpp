#include "tenbin/functions/array/concat.h"

#include <algorithm>

#include "tenbin/core/check.h"
#include "tenbin/core/lines.h"

namespace tenbin {

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

Arrays Concat::forward_cpu(const Arrays& xs) {
  Array y = empty_output(xs);
  const Lines lines = lines_along(y.shape(), require_axis(*this, y, axis_));
  const std::size_t step = lines.inner * item_size(y.dtype());  // bytes per element of the axis
  char* out = static_cast<char*>(y.raw_data());
  for (std::size_t row = 0; row < lines.outer; ++row) {
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const std::size_t bytes = lengths_[i] * step;
      out = std::copy_n(static_cast<const char*>(xs[i].raw_data()) + row * bytes, bytes, out);
    }
  }
  return {y};
}

Arrays Concat::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Lines lines = lines_along(gy.shape(), require_axis(*this, gy, axis_));
  const std::size_t step = lines.inner * item_size(gy.dtype());
  const char* in = static_cast<const char*>(gy.raw_data());
  Arrays gxs;
  gxs.resize(xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const std::size_t bytes = lengths_[i] * step;
    if (needs_grad(i)) {
      gxs[i] = empty_gradient(i, gy);
      char* out = static_cast<char*>(gxs[i].raw_data());
      for (std::size_t row = 0; row < lines.outer; ++row)
        out = std::copy_n(in + row * lines.length * step, bytes, out);
    }
    in += bytes;
  }
  return gxs;
}

TENBIN_NO_GPU(Concat);

}  // namespace tenbin
