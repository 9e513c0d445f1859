// Checks of dtypes, shapes and axes that functions share, with the same error texts.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// Errors: `relu: x must be float32 or float64, got int32(3)`.
inline void require_floating(const Function& function, const char* argument, const Array& x) {
  if (!is_floating(x.dtype()))
    throw Error(function.name(), ": ", argument, " must be float32 or float64, got ", x);
}

/// Errors: `add: a and b differ in dtype: float32(3) and float64(3)`.
inline void require_same_dtype(const Function& function, const char* argument, const Array& x,
                               const char* other_argument, const Array& other) {
  if (x.dtype() != other.dtype())
    throw Error(function.name(), ": ", argument, " and ", other_argument, " differ in dtype: ", x, " and ",
                other);
}

/// Errors: `mean_squared_error: x and t differ in shape: float32(3) and float32(4)`.
inline void require_same_shape(const Function& function, const char* argument, const Array& x,
                               const char* other_argument, const Array& other) {
  if (x.shape() != other.shape())
    throw Error(function.name(), ": ", argument, " and ", other_argument, " differ in shape: ", x, " and ",
                other);
}

/// Converts a negative axis to the one counted from the front. Errors: `softmax: axis 2 is out of range for
/// float32(3, 4)`.
inline std::size_t require_axis(const Function& function, const Array& x, int axis) {
  const int ndim = static_cast<int>(x.ndim());
  if (axis < -ndim || axis >= ndim) throw Error(function.name(), ": axis ", axis, " is out of range for ", x);
  return static_cast<std::size_t>(axis < 0 ? axis + ndim : axis);
}

}  // namespace tenbin
