#include "tenbin/functions/math/trigonometric.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SinFormula);
TENBIN_ELEMENTWISE(CosFormula);

}  // namespace tenbin
