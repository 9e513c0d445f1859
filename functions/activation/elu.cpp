#include "tenbin/functions/activation/elu.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(ELUFormula);

}  // namespace tenbin
