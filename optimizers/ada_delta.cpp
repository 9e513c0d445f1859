#include "tenbin/optimizers/ada_delta.h"

#include "tenbin/optimizers/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<AdaDelta>;

}  // namespace tenbin
