#include "tenbin/functions/activation/tanh.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(TanhFormula);

}  // namespace tenbin
