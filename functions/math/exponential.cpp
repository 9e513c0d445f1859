#include "tenbin/functions/math/exponential.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(ExpFormula);
TENBIN_ELEMENTWISE(LogFormula);

}  // namespace tenbin
