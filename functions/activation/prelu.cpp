#include "tenbin/functions/activation/prelu.h"

#include "tenbin/functions/activation/detail/per_channel.h"
#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(PReLUFormula);

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Variable prelu(const Variable& x, const Variable& W) {
  return apply<ElementwiseBinary<PReLUFormula>>({x, detail::per_channel("prelu", x, "W", W)});
}

#endif

}  // namespace tenbin
