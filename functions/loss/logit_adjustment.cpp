#include "tenbin/functions/loss/logit_adjustment.h"

#include <cmath>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/functions/loss/detail/batch_loss.h"
#include "tenbin/functions/loss/detail/composed_loss.h"
#include "tenbin/functions/math/basic_math.h"

namespace tenbin {

namespace {

// x + factor log_prior along axis 1.
Variable add_prior(const char* function, const Variable& x, const Array& log_prior, double factor) {
  if (!is_floating(x.dtype()) || x.ndim() < 2)
    throw Error(function, ": x must be float32 or float64 of shape (N, C, ...), got ", x.data());
  if (!std::isfinite(factor)) throw Error(function, ": tau must be finite, got ", std::abs(factor));
  detail::require_per_class(function, "log_prior", log_prior, detail::Sign::any, x.data());
  Shape shape{1, x.shape()[1]};
  for (std::size_t axis = 2; axis < x.ndim(); ++axis) shape.push_back(1);
  const Array offset = (Variable(log_prior.astype(Dtype::float64), false) * factor).data();
  return x + accelerator::constant(offset, x.device(), x.dtype()).reshape(shape);
}

Variable adjusted_cross_entropy(const char* function, const Variable& x, const Variable& t,
                                const Array& log_prior, SoftmaxCrossEntropyOptions&& options, double tau) {
  const Variable y = add_prior(function, x, log_prior, tau);
  return detail::apply_loss<detail::Named<SoftmaxCrossEntropy>>({y, t}, function, std::move(options));
}

}  // namespace

Variable logit_adjusted_cross_entropy(const Variable& x, const Variable& t, const Array& log_prior,
                                      SoftmaxCrossEntropyOptions options, double tau) {
  return adjusted_cross_entropy("logit_adjusted_cross_entropy", x, t, log_prior, std::move(options), tau);
}

Variable balanced_softmax_cross_entropy(const Variable& x, const Variable& t, const Array& log_prior,
                                        SoftmaxCrossEntropyOptions options) {
  return adjusted_cross_entropy("balanced_softmax_cross_entropy", x, t, log_prior, std::move(options), 1);
}

Variable adjust_logits(const Variable& x, const Array& log_prior, double tau) {
  return add_prior("adjust_logits", x, log_prior, -tau);
}

}  // namespace tenbin
