#include "tenbin/functions/math/erf.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(ErfFormula);

}  // namespace tenbin
