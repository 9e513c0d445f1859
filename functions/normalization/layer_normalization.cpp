#include "tenbin/functions/normalization/layer_normalization.h"

#include "tenbin/functions/normalization/detail/standardize.h"

namespace tenbin {

Variable layer_normalization(const Variable& x, const Variable& gamma, const Variable& beta, double eps) {
  constexpr const char* function = "layer_normalization";
  detail::require_floating_x(function, x.data());
  detail::require_eps(function, eps);
  const Shape& of_x = x.shape();
  const Shape& of_gamma = gamma.shape();
  bool fits = of_gamma.size() >= 1 && of_gamma.size() < of_x.size() && gamma.dtype() == x.dtype();
  const std::size_t rows = fits ? of_x.size() - of_gamma.size() : 0;  // the number of axes before gamma's
  detail::Standardize::Shapes shapes;
  for (std::size_t axis = 0; fits && axis < of_x.size(); ++axis) {
    shapes.statistics.push_back(axis < rows ? of_x[axis] : 1);
    shapes.parameters.push_back(axis < rows ? 1 : of_gamma[axis - rows]);
    fits = axis < rows || of_gamma[axis - rows] == of_x[axis];
  }
  if (!fits)
    throw Error(function, ": gamma must have the dtype of x and its last lengths, but fewer axes, got ",
                gamma.data(), " for ", x.data());
  detail::require_like_gamma(function, "beta", beta.data(), gamma.data());
  return apply<detail::Standardize>({x, gamma, beta}, function, shapes, eps);
}

}  // namespace tenbin
