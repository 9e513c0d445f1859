#include "tenbin/functions/activation/leaky_relu.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(LeakyReLUFormula);

}  // namespace tenbin
