#include "tenbin/optimizers/rmsprop.h"

#include "tenbin/optimizers/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<RMSprop>;

}  // namespace tenbin
