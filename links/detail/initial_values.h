// The values that an initializer gives a parameter, checked. Internal.
#pragma once

#include "tenbin/links/initializers.h"

namespace tenbin::detail {

/// The values of `initializer`, or of `otherwise` if it is empty. Errors, which start with `link`: the dtype
/// is not floating; the initializer made an array of another shape or dtype.
inline Array initial_values(const char* link, const Initializer& initializer, const Initializer& otherwise,
                            const Shape& shape, Dtype dtype) {
  if (!is_floating(dtype)) throw Error(link, ": dtype must be float32 or float64, got ", dtype);
  Array values = (initializer ? initializer : otherwise)(shape, dtype);
  if (values.shape() != shape || values.dtype() != dtype)
    throw Error(link, ": the initializer made ", values, ", not ", dtype, shape);
  return values;
}

}  // namespace tenbin::detail
