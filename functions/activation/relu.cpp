#include "tenbin/functions/activation/relu.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(ReLUFormula);

}  // namespace tenbin
