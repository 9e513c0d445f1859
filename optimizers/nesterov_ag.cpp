#include "tenbin/optimizers/nesterov_ag.h"

#include "tenbin/optimizers/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<NesterovAG>;

}  // namespace tenbin
