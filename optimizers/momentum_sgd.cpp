#include "tenbin/optimizers/momentum_sgd.h"

#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<MomentumSGD>;

}  // namespace tenbin
