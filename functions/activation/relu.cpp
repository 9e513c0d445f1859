#include "tenbin/functions/activation/relu.h"

#include "tenbin/functions/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(ReLUFormula);

}  // namespace tenbin
