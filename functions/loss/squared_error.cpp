#include "tenbin/functions/loss/squared_error.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(SquaredErrorFormula);

}  // namespace tenbin
