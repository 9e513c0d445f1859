#include "tenbin/functions/array/expand_dims.h"

namespace tenbin {

Shape ExpandDims::resolve(const Array& x) const {
  const int count = static_cast<int>(x.ndim()) + 1;
  if (axis_ < -count || axis_ >= count)
    throw Error("expand_dims: axis ", axis_, " is out of range for a new axis of ", x);
  const auto axis = static_cast<std::size_t>(axis_ < 0 ? axis_ + count : axis_);
  Shape shape;
  for (std::size_t i = 0; i <= x.ndim(); ++i) {
    if (i == axis) shape.push_back(1);
    if (i < x.ndim()) shape.push_back(x.shape()[i]);
  }
  return shape;
}

}  // namespace tenbin
