// The gradient for gy = 1 that the forward of a loss has computed with the loss, until backward takes it.
// Internal.
#pragma once

#include <utility>

#include "tenbin/core/function.h"

namespace tenbin::detail {

// The kept gradient, which then belongs to the caller; empty if there is none. Errors:
// `softmax_cross_entropy: backward got another x than forward, float32(3, 2)`.
inline Array take_kept_gradient(const Function& function, Array& kept, const Array& x) {
  if (kept && kept.shape() != x.shape())
    throw Error(function.name(), ": backward got another x than forward, ", x);
  return std::exchange(kept, Array());
}

}  // namespace tenbin::detail
