// For activations with a parameter per channel: its shape. Internal.
#pragma once

#include <algorithm>

#include "tenbin/functions/array/reshape.h"

namespace tenbin::detail {

// The parameter as x broadcasts with it: its axes are the axes 1, 2, ... of x. Errors: `prelu: W must have
// the lengths of x along axes 1, 2, ..., got float32(4) for float32(8, 3)`.
inline Variable per_channel(const char* function, const Variable& x, const char* argument,
                            const Variable& parameter) {
  const Shape& axes = parameter.shape();
  if (!is_floating(x.dtype())) throw Error(function, ": x must be float32 or float64, got ", x.data());
  if (parameter.dtype() != x.dtype())
    throw Error(function, ": x and ", argument, " differ in dtype: ", x.data(), " and ", parameter.data());
  if (axes.size() >= x.ndim() || !std::equal(axes.begin(), axes.end(), x.shape().begin() + 1))
    throw Error(function, ": ", argument, " must have the lengths of x along axes 1, 2, ..., got ",
                parameter.data(), " for ", x.data());
  Shape shape{1};
  for (const std::size_t length : axes) shape.push_back(length);
  while (shape.size() < x.ndim()) shape.push_back(1);
  return reshape(parameter, shape);
}

}  // namespace tenbin::detail
