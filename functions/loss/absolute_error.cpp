#include "tenbin/functions/loss/absolute_error.h"

#include "tenbin/functions/detail/elementwise_bodies.h"
#include "tenbin/functions/loss/detail/reduced.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(AbsoluteErrorFormula);

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Variable mean_absolute_error(const Variable& x0, const Variable& x1) {
  const Variable errors =
      apply<ElementwiseLoss<AbsoluteErrorFormula>>({x0, x1}, "mean_absolute_error", "x0", "x1");
  return detail::reduced(errors, Reduce::mean);
}

#endif

}  // namespace tenbin
