#include "tenbin/functions/activation/sigmoid.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SigmoidFormula);

}  // namespace tenbin
