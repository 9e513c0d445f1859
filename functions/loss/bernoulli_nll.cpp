#include "tenbin/functions/loss/bernoulli_nll.h"

#include "tenbin/functions/detail/elementwise_bodies.h"
#include "tenbin/functions/loss/detail/reduced.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(BernoulliNLLFormula);

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Variable bernoulli_nll(const Variable& x, const Variable& y, Reduce reduce) {
  return detail::reduced(apply<ElementwiseLoss<BernoulliNLLFormula>>({x, y}, "bernoulli_nll", "x", "y"),
                         reduce);
}

#endif

}  // namespace tenbin
