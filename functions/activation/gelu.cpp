#include "tenbin/functions/activation/gelu.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(GELUFormula);

}  // namespace tenbin
