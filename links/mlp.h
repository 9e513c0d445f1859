// The multilayer perceptron.
#pragma once

#include <vector>

#include "tenbin/functions/activation/relu.h"
#include "tenbin/links/chain_list.h"
#include "tenbin/links/layer_function.h"
#include "tenbin/links/linear.h"

namespace tenbin {

/// Options of MLP.
struct MLPOptions {
  LayerFunction activation = relu;  ///< after each layer but the last
  double dropout = 0;               ///< after each activation, in [0, 1)
  Initializer initialW = {};        ///< of all layers; empty: LeCunNormal
  Dtype dtype = Dtype::float32;     ///< float32 or float64
};

/// The multilayer perceptron: fully connected layers, with an activation and dropout between them.
///
/// `sizes`: of the input, the hidden layers and the output. An input size of 0 is taken from the first x. The
/// parameters are 0/W, 0/b, 1/W, ..., whatever the options. Errors: fewer than two sizes, a size of 0 after
/// the first, dropout outside [0, 1).
///
///     MLP model({30, 64, 64, 2}, {.activation = tenbin::tanh, .dropout = 0.2});
///     set_prior_bias(model.back(), class_counts(t, 2));
class MLP : public ChainList<Linear> {
 public:
  explicit MLP(const std::vector<std::size_t>& sizes, const MLPOptions& options = {});
  static MLP from_config(const LinkConfig& config);

  Variable operator()(const Variable& x) const { return call(x); }
  /// The same of sparse rows.
  Variable operator()(const CsrMatrix& x) const { return call(x); }

  /// Errors: an activation that is a lambda; a layer that was replaced by one without b or of another dtype.
  LinkConfig get_config() const;

 private:
  template <class X>
  Variable call(const X& x) const;

  LayerFunction activation_;
  double dropout_;
};

}  // namespace tenbin
