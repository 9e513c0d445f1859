#include "tenbin/functions/math/hyperbolic.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SinhFormula);
TENBIN_ELEMENTWISE(CoshFormula);

}  // namespace tenbin
