#include "tenbin/links/layer_normalization.h"

#include "tenbin/links/detail/initial_values.h"

namespace tenbin {

LayerNormalization::LayerNormalization(const LayerNormalizationOptions& options)
    : Link("LayerNormalization"), options_(options) {
  if (!(options.eps > 0)) throw Error("LayerNormalization: eps must be positive, got ", options.eps);
  gamma = param("gamma", LazyShape{options.dtype, {LazyShape::unknown}});
  beta = param("beta", LazyShape{options.dtype, {LazyShape::unknown}});
}

LayerNormalization::LayerNormalization(std::size_t size, const LayerNormalizationOptions& options)
    : LayerNormalization(options) {
  initialize(size, {});
}

void LayerNormalization::initialize(std::size_t size, Device device) const {
  const auto initialize_one = [&](const Parameter& parameter, const Initializer& initializer,
                                  const Initializer& otherwise) {
    if (parameter.is_initialized()) return;
    const Array values =
        detail::initial_values("LayerNormalization", initializer, otherwise, {size}, options_.dtype);
    Variable(parameter).set_data(values.to(device));
  };
  initialize_one(gamma, options_.initial_gamma, One());
  initialize_one(beta, options_.initial_beta, Zero());
}

Variable LayerNormalization::operator()(const Variable& x) const {
  return with_path([&] {
    if (!x) throw Error("LayerNormalization: x is an empty Variable");
    if (!*this) throw Error("LayerNormalization: the link has been moved from");
    if (!is_ready() || !gamma.is_initialized() || !beta.is_initialized()) {
      initialize_once([&] {
        if (x.ndim() < 2) throw Error("LayerNormalization: x must have two axes or more, got ", x.data());
        initialize(x.shape().back(), x.device());
      });
    }
    return layer_normalization(x, gamma, beta, options_.eps);
  });
}

}  // namespace tenbin
