#include "tenbin/functions/array/tile.h"

#include <algorithm>

#include "tenbin/core/lines.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

namespace {

// With ones in front, up to `ndim` entries.
Shape padded(const Shape& shape, std::size_t ndim) {
  Shape all;
  while (all.size() + shape.size() < ndim) all.push_back(1);
  for (const std::size_t length : shape) all.push_back(length);
  return all;
}

}  // namespace

// Axis by axis: a tile along an axis is all elements from that axis on. From the last axis, whose copies are
// short, to the first.
Arrays Tile::TENBIN_FORWARD(const Arrays& xs) {
  retain_inputs({});
  x_shape_ = xs[0].shape();
  const std::size_t ndim = std::max(x_shape_.size(), reps_.size());
  const Shape reps = padded(reps_, ndim);
  Array y = xs[0].reshape(padded(x_shape_, ndim));
  for (std::size_t axis = ndim; axis-- > 0;) {
    if (reps[axis] == 1) continue;
    const Lines lines = lines_along(y.shape(), axis);
    Shape shape = y.shape();
    shape[axis] *= reps[axis];
    Array repeated = Array::empty(shape, y.dtype(), y.device());
    if (repeated.size() > 0)
      back_end::repeat_middle(y, lines.outer, reps[axis], lines.length * lines.inner, repeated);
    y = repeated;
  }
  return {y};
}

Arrays Tile::TENBIN_BACKWARD(const Arrays&, const Arrays& gys) {
  Array g = gys[0];
  if (g.size() == 0) return {Array::zeros(x_shape_, g.dtype(), g.device())};
  const Shape reps = padded(reps_, g.ndim());
  for (std::size_t axis = 0; axis < g.ndim(); ++axis) {
    if (reps[axis] == 1) continue;
    Shape shape = g.shape();
    shape[axis] /= reps[axis];
    Array summed = Array::empty(shape, g.dtype(), g.device());
    const Lines lines = lines_along(shape, axis);
    back_end::sum_middle(g, lines.outer, reps[axis], lines.length * lines.inner, summed);
    g = summed;
  }
  return {g.reshape(x_shape_)};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

TENBIN_NO_GPU(Tile);

#endif

}  // namespace tenbin
