#include "tenbin/functions/activation/clipped_relu.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(ClippedReLUFormula);
TENBIN_ELEMENTWISE(ReLU6Formula);

}  // namespace tenbin
