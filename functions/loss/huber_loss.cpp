#include "tenbin/functions/loss/huber_loss.h"

#include <cmath>

#include "tenbin/functions/detail/elementwise_bodies.h"
#include "tenbin/functions/math/sum.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(HuberLossFormula);

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Variable huber_loss(const Variable& x, const Variable& t, double delta, HuberReduce reduce) {
  const bool sums = reduce == HuberReduce::sum_along_second_axis;
  if (!(delta > 0) || !std::isfinite(delta))
    throw Error("huber_loss: delta must be positive and finite, got ", delta);
  if (sums && x.ndim() < 2)
    throw Error("huber_loss: x must have two axes or more to be summed along the second, got ", x.data(),
                "; did you mean HuberReduce::no?");
  const Variable losses =
      apply<ElementwiseLoss<HuberLossFormula>>({x, t}, "huber_loss", "x", "t", HuberLossFormula{delta});
  return sums ? sum(losses, 1) : losses;
}

#endif

}  // namespace tenbin
