#include "tenbin/functions/activation/selu.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SELUFormula);

}  // namespace tenbin
