#include "tenbin/optimizers/rmsprop.h"

#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<RMSprop>;

}  // namespace tenbin
