#include "tenbin/functions/activation/hard_sigmoid.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(HardSigmoidFormula);

}  // namespace tenbin
