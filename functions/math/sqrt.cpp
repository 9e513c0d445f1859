#include "tenbin/functions/math/sqrt.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SqrtFormula);

}  // namespace tenbin
