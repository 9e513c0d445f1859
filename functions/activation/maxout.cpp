#include "tenbin/functions/activation/maxout.h"

#include "tenbin/functions/array/reshape.h"
#include "tenbin/functions/math/minmax.h"

namespace tenbin {

namespace {

// x's shape with `axis` as two axes: of the groups, and within a group.
Shape grouped(const Shape& shape, std::size_t axis, std::size_t pool_size) {
  Shape groups(shape.begin(), shape.begin() + axis);
  groups.push_back(shape[axis] / pool_size);
  groups.push_back(pool_size);
  for (std::size_t i = axis + 1; i < shape.size(); ++i) groups.push_back(shape[i]);
  return groups;
}

}  // namespace

Variable maxout(const Variable& x, int pool_size, int axis) {
  if (!is_floating(x.dtype())) throw Error("maxout: x must be float32 or float64, got ", x.data());
  if (pool_size < 1) throw Error("maxout: pool_size must be positive, got ", pool_size);
  const int ndim = static_cast<int>(x.ndim());
  if (axis < -ndim || axis >= ndim) throw Error("maxout: axis ", axis, " is out of range for ", x.data());
  const int along = axis < 0 ? axis + ndim : axis;
  const auto size = static_cast<std::size_t>(pool_size), index = static_cast<std::size_t>(along);
  if (x.shape()[index] % size != 0)
    throw Error("maxout: pool_size ", pool_size, " must divide the length of axis ", along, ", got ",
                x.data());
  return max(reshape(x, grouped(x.shape(), index, size)), along + 1);
}

}  // namespace tenbin
