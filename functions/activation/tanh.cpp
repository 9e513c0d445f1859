#include "tenbin/functions/activation/tanh.h"

#include "tenbin/functions/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(TanhFormula);

}  // namespace tenbin
