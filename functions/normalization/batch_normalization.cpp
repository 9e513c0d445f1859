#include "tenbin/functions/normalization/batch_normalization.h"

#include "tenbin/functions/array/reshape.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sqrt.h"
#include "tenbin/functions/normalization/detail/standardize.h"

namespace tenbin {

namespace {

// The shape of gamma with axes of length 1, so that it broadcasts to x. Errors: shapes and dtypes that do not
// fit.
Shape channel_shape(const char* function, const Array& x, const Array& gamma, const Array& beta) {
  detail::require_floating_x(function, x);
  bool fits = gamma.ndim() + 1 <= x.ndim() && gamma.dtype() == x.dtype();
  for (std::size_t axis = 0; fits && axis < gamma.ndim(); ++axis)
    fits = gamma.shape()[axis] == x.shape()[axis + 1];
  if (!fits)
    throw Error(function, ": gamma must have the dtype of x and its lengths from axis 1 on, got ", gamma,
                " for ", x);
  detail::require_like_gamma(function, "beta", beta, gamma);
  Shape shape{1};
  for (const std::size_t length : gamma.shape()) shape.push_back(length);
  while (shape.size() < x.ndim()) shape.push_back(1);
  return shape;
}

void require_running(const char* function, const char* argument, const Array& running, const Array& gamma) {
  if (!running || running.shape() != gamma.shape() || !is_floating(running.dtype()) ||
      running.device() != gamma.device())
    throw Error(function, ": ", argument, " must have the shape and the device of gamma, ", gamma, " on ",
                gamma.device(), ", got ", running, " on ", running.device());
}

}  // namespace

Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta, double eps,
                             const RunningStatistics& running) {
  constexpr const char* function = "batch_normalization";
  const Shape shape = channel_shape(function, x.data(), gamma.data(), beta.data());
  detail::require_eps(function, eps);
  if (!(running.decay >= 0 && running.decay <= 1))
    throw Error(function, ": decay must be in [0, 1], got ", running.decay);
  if (running.mean || running.var) {
    require_running(function, "the running mean", running.mean, gamma.data());
    require_running(function, "the running variance", running.var, gamma.data());
  }
  return apply<detail::Standardize>({x, gamma, beta}, function, detail::Standardize::Shapes{shape, shape},
                                    eps, true, running);
}

Variable fixed_batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                                   const Variable& mean, const Variable& var, double eps) {
  constexpr const char* function = "fixed_batch_normalization";
  const Shape shape = channel_shape(function, x.data(), gamma.data(), beta.data());
  detail::require_eps(function, eps);
  detail::require_like_gamma(function, "mean", mean.data(), gamma.data());
  detail::require_like_gamma(function, "var", var.data(), gamma.data());
  // Centered first: x * scale + (beta - mean * scale) would lose the digits that x and the mean share.
  return (x - reshape(mean, shape)) * reshape(gamma / sqrt(var + eps), shape) + reshape(beta, shape);
}

}  // namespace tenbin
