#include "tenbin/optimizers/ada_delta.h"

#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<AdaDelta>;

}  // namespace tenbin
