// The hooks that treat each element by itself, compiled for both devices.
#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

template class ElementwiseHook<WeightDecay>;
template class ElementwiseHook<Lasso>;
template class ElementwiseHook<GradientHardClipping>;

}  // namespace tenbin
