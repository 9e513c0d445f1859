#include "tenbin/functions/activation/sigmoid.h"

#include "tenbin/functions/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(SigmoidFormula);

}  // namespace tenbin
