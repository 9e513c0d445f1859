#include "tenbin/links/batch_normalization.h"

#include "tenbin/core/config.h"
#include "tenbin/links/detail/initial_values.h"

namespace tenbin {

BatchNormalization::BatchNormalization(std::size_t size, const BatchNormalizationOptions& options)
    : Link("BatchNormalization"),
      size_(size),
      dtype_(options.dtype),
      decay_(options.decay),
      eps_(options.eps) {
  constexpr const char* link = "BatchNormalization";
  if (!(options.decay >= 0 && options.decay <= 1))
    throw Error(link, ": decay must be in [0, 1], got ", options.decay);
  if (!(options.eps > 0)) throw Error(link, ": eps must be positive, got ", options.eps);
  const auto add = [&](const char* name, const Initializer& initializer, const Initializer& otherwise,
                       bool is_trained) {
    return detail::initialized_param(*this, name, initializer, otherwise, {size}, options.dtype, is_trained);
  };
  if (options.use_gamma) gamma = add("gamma", options.initial_gamma, One(), true);
  if (options.use_beta) beta = add("beta", options.initial_beta, Zero(), true);
  avg_mean = add("avg_mean", {}, Zero(), false);
  avg_var = add("avg_var", {}, One(), false);
  N = param("N", Array::scalar(0, Dtype::int64), false);
}

LinkConfig BatchNormalization::get_config() const {
  return LinkConfig("BatchNormalization")
      .set("size", size_)
      .set("decay", decay_)
      .set("eps", eps_)
      .set("use_gamma", static_cast<bool>(gamma))
      .set("use_beta", static_cast<bool>(beta))
      .set("dtype", dtype_);
}

BatchNormalization BatchNormalization::from_config(const LinkConfig& config) {
  BatchNormalizationOptions options;
  options.decay = config.number("decay");
  options.eps = config.number("eps");
  options.use_gamma = config.flag("use_gamma");
  options.use_beta = config.flag("use_beta");
  options.dtype = config.dtype("dtype");
  return BatchNormalization(config.size("size"), options);
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
