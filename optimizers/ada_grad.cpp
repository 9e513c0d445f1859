#include "tenbin/optimizers/ada_grad.h"

#include "tenbin/optimizers/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseRule<AdaGrad>;

}  // namespace tenbin
