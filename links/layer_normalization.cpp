#include "tenbin/links/layer_normalization.h"

#include "tenbin/links/detail/initial_values.h"

namespace tenbin {

LayerNormalization::LayerNormalization(const Shape& shape, const LayerNormalizationOptions& options)
    : Link("LayerNormalization"), options_(options) {
  if (!(options.eps > 0)) throw Error("LayerNormalization: eps must be positive, got ", options.eps);
  gamma = param("gamma", LazyShape{options.dtype, shape});
  beta = param("beta", LazyShape{options.dtype, shape});
}

LayerNormalization::LayerNormalization(const LayerNormalizationOptions& options)
    : LayerNormalization(Shape{LazyShape::unknown}, options) {}

LayerNormalization::LayerNormalization(std::size_t size, const LayerNormalizationOptions& options)
    : LayerNormalization(Shape{size}, options) {
  if (!detail::SkipInitialValues::is_active()) initialize(size, {});
}

LinkConfig LayerNormalization::get_config() const {
  return LinkConfig("LayerNormalization")
      .set("size", gamma.is_initialized() ? gamma.size() : 0)
      .set("eps", options_.eps)
      .set("dtype", options_.dtype);
}

LayerNormalization LayerNormalization::from_config(const LinkConfig& config) {
  LayerNormalizationOptions options;
  options.eps = config.number("eps");
  options.dtype = config.dtype("dtype");
  const std::size_t size = config.size("size");
  return size == 0 ? LayerNormalization(options) : LayerNormalization(size, options);
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
