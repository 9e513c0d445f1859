// The differences of rows, for losses of distances. Internal.
#pragma once

#include <cmath>

#include "tenbin/functions/loss/squared_error.h"

namespace tenbin::detail {

// Errors: `triplet: margin must be positive and finite, got 0`.
inline void require_margin(const char* function, double margin) {
  if (!(margin > 0) || !std::isfinite(margin))
    throw Error(function, ": margin must be positive and finite, got ", margin);
}

// (a - b)^2 of each element of two arrays (N, D). Errors: other shapes or dtypes.
inline Variable squared_differences(const char* function, const char* name_a, const Variable& a,
                                    const char* name_b, const Variable& b) {
  if (a.ndim() != 2) throw Error(function, ": ", name_a, " must be (N, D), got ", a.data());
  return apply<ElementwiseLoss<SquaredErrorFormula>>({a, b}, function, name_a, name_b);
}

}  // namespace tenbin::detail
