#include "tenbin/functions/loss/gaussian_nll.h"

#include "tenbin/functions/detail/elementwise_bodies.h"
#include "tenbin/functions/loss/detail/reduced.h"
#include "tenbin/functions/math/basic_math.h"

namespace tenbin {

TENBIN_ELEMENTWISE_BINARY(GaussianNLLFormula);
TENBIN_ELEMENTWISE_BINARY(GaussianKLDivergenceFormula);

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Variable gaussian_nll(const Variable& x, const Variable& mean, const Variable& ln_var, Reduce reduce) {
  const char* const name = "gaussian_nll";
  const Variable deviation = apply<ElementwiseLoss<SubFormula>>({x, mean}, name, "x", "mean");
  return detail::reduced(apply<ElementwiseLoss<GaussianNLLFormula>>({deviation, ln_var}, name, "x", "ln_var"),
                         reduce);
}

Variable gaussian_kl_divergence(const Variable& mean, const Variable& ln_var, Reduce reduce) {
  return detail::reduced(apply<ElementwiseLoss<GaussianKLDivergenceFormula>>(
                             {mean, ln_var}, "gaussian_kl_divergence", "mean", "ln_var"),
                         reduce);
}

#endif

}  // namespace tenbin
