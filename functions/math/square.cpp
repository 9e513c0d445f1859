#include "tenbin/functions/math/square.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SquareFormula);

}  // namespace tenbin
