#include "tenbin/optimizers/nesterov_ag.h"

#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<NesterovAG>;

}  // namespace tenbin
