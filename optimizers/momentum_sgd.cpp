#include "tenbin/optimizers/momentum_sgd.h"

#include "tenbin/optimizers/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<MomentumSGD>;

}  // namespace tenbin
