// Layer normalization with its parameters.
#pragma once

#include "tenbin/functions/normalization/layer_normalization.h"
#include "tenbin/links/initializers.h"
#include "tenbin/links/link.h"
#include "tenbin/links/link_config.h"

namespace tenbin {

/// Options of LayerNormalization.
struct LayerNormalizationOptions {
  double eps = 1e-6;               ///< positive
  Initializer initial_gamma = {};  ///< empty: One
  Initializer initial_beta = {};   ///< empty: Zero
  Dtype dtype = Dtype::float32;    ///< float32 or float64
};

/// Layer normalization over the last axis (Chainer: `L.LayerNormalization`).
///
/// Parameters: gamma, beta (size). If the size is not given, it is taken from the first x.
///
///     Sequential model(Linear(30, 64), LayerNormalization(), relu, Linear(64, 2));
class LayerNormalization : public Link {
 public:
  explicit LayerNormalization(std::size_t size, const LayerNormalizationOptions& options = {});
  explicit LayerNormalization(const LayerNormalizationOptions& options = {});
  static LayerNormalization from_config(const LinkConfig& config);

  /// `layer_normalization(x, gamma, beta, eps)`. Errors: those of `layer_normalization`.
  Variable operator()(const Variable& x) const;

  LinkConfig get_config() const;

  Parameter gamma;
  Parameter beta;

 private:
  LayerNormalization(const Shape& shape, const LayerNormalizationOptions& options);
  void initialize(std::size_t size, Device device) const;

  LayerNormalizationOptions options_;
};

}  // namespace tenbin
