#include "tenbin/functions/math/maximum_minimum.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(ExtremeFormula<true>);
TENBIN_ELEMENTWISE_BINARY(ExtremeFormula<false>);

}  // namespace tenbin
