#include "tenbin/optimizers/sgd.h"

#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<SGD>;

}  // namespace tenbin
