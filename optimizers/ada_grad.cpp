#include "tenbin/optimizers/ada_grad.h"

#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<AdaGrad>;

}  // namespace tenbin
