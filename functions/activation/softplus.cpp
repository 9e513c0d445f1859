#include "tenbin/functions/activation/softplus.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SoftplusFormula);

}  // namespace tenbin
