// A new axis in a shape, for stack and expand_dims. Internal.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin::detail {

// Converts an axis of the result, which has one axis more than x, to the one counted from the front. Errors:
// `stack: axis 3 is out of range for a new axis of float32(3, 4)`.
inline std::size_t require_new_axis(const Function& function, const Array& x, int axis) {
  const int count = static_cast<int>(x.ndim()) + 1;
  if (axis < -count || axis >= count)
    throw Error(function.name(), ": axis ", axis, " is out of range for a new axis of ", x);
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

inline Shape with_axis(const Shape& shape, std::size_t axis, std::size_t length) {
  Shape longer(shape.begin(), shape.begin() + axis);
  longer.push_back(length);
  for (std::size_t i = axis; i < shape.size(); ++i) longer.push_back(shape[i]);
  return longer;
}

}  // namespace tenbin::detail
