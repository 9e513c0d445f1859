#include "tenbin/functions/activation/swish.h"

#include "tenbin/functions/activation/detail/per_channel.h"
#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SwishFormula);
TENBIN_ELEMENTWISE_BINARY(SwishOfBetaFormula);

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Variable swish(const Variable& x, const Variable& beta) {
  return apply<ElementwiseBinary<SwishOfBetaFormula>>({x, detail::per_channel("swish", x, "beta", beta)});
}

#endif

}  // namespace tenbin
