#include "tenbin/links/batch_normalization.h"

#include "tenbin/core/config.h"
#include "tenbin/links/detail/initial_values.h"

namespace tenbin {

BatchNormalization::BatchNormalization(std::size_t size, const BatchNormalizationOptions& options)
    : Link("BatchNormalization"), decay_(options.decay), eps_(options.eps) {
  constexpr const char* link = "BatchNormalization";
  if (!(options.decay >= 0 && options.decay <= 1))
    throw Error(link, ": decay must be in [0, 1], got ", options.decay);
  if (!(options.eps > 0)) throw Error(link, ": eps must be positive, got ", options.eps);
  const auto initial = [&](const Initializer& initializer, const Initializer& otherwise) {
    return detail::initial_values(link, initializer, otherwise, {size}, options.dtype);
  };
  if (options.use_gamma) gamma = param("gamma", initial(options.initial_gamma, One()));
  if (options.use_beta) beta = param("beta", initial(options.initial_beta, Zero()));
  avg_mean = param("avg_mean", initial({}, Zero()), false);
  avg_var = param("avg_var", initial({}, One()), false);
  N = param("N", Array::scalar(0, Dtype::int64), false);
}

Variable BatchNormalization::operator()(const Variable& x) const {
  return with_path([&] {
    if (!x) throw Error("BatchNormalization: x is an empty Variable");
    if (!*this) throw Error("BatchNormalization: the link has been moved from");
    const Array& mean = avg_mean.data();
    const auto or_constant = [&](const Parameter& parameter, double value) {
      return parameter ? Variable(parameter)
                       : Variable(Array::full(mean.shape(), value, mean.dtype(), mean.device()), false);
    };
    const Variable scale = or_constant(gamma, 1), shift = or_constant(beta, 0);
    if (config().train)
      return tenbin::batch_normalization(x, scale, shift, eps_, {mean, avg_var.data(), decay_});
    return tenbin::fixed_batch_normalization(x, scale, shift, avg_mean, avg_var, eps_);
  });
}

}  // namespace tenbin
