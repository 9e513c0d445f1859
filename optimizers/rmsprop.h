// RMSprop.
#pragma once

#include <cmath>
#include <optional>

#include "tenbin/optimizers/elementwise_rule.h"

namespace tenbin {

namespace detail {

// One element. One of the two eps is 0.
template <class T>
struct RMSpropStep {
  T lr, alpha, complement, eps_inside, eps_outside;
  constexpr void operator()(T& w, const T& g, T& ms) const {
    ms = alpha * ms + complement * g * g;
    w -= lr * g / divisor(std::sqrt(ms + eps_inside) + eps_outside);
  }
};

}  // namespace detail

/// Options of RMSprop.
struct RMSpropOptions {
  double lr = 0.01;              ///< learning rate
  double alpha = 0.99;           ///< decay of the mean of squares, in [0, 1)
  double eps = 1e-8;             ///< >= 0; 0: no step where the gradients have been 0
  bool eps_inside_sqrt = false;  ///< divide by sqrt(ms + eps)
};

/// Options of a group of RMSprop. Those that are not given are the optimizer's.
struct RMSpropGroupOptions {
  std::optional<double> lr = {};
  std::optional<double> alpha = {};
  std::optional<double> eps = {};
  std::optional<bool> eps_inside_sqrt = {};

  RMSpropOptions with_defaults(const RMSpropOptions& defaults) const {
    return {lr.value_or(defaults.lr), alpha.value_or(defaults.alpha), eps.value_or(defaults.eps),
            eps_inside_sqrt.value_or(defaults.eps_inside_sqrt)};
  }
};

/// RMSprop, ms = alpha ms + (1 - alpha) g^2; w -= lr g / (sqrt(ms) + eps), or / sqrt(ms + eps).
/// (Chainer: `RMSprop`; Tieleman and Hinton, Coursera lecture 6.5, 2012.)
///
///     RMSprop optimizer({.lr = 1e-3});
class RMSprop : public ElementwiseRule<RMSprop> {
 public:
  explicit RMSprop(const RMSpropOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "RMSprop"; }
  /// A group of parameters, see Optimizer.
  RMSprop& group(const std::string& pattern, const RMSpropGroupOptions& options = {}) {
    return add_group(pattern, std::make_unique<RMSprop>(options.with_defaults(hyperparam)));
  }

  RMSpropOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override {
    return {{"lr", &hyperparam.lr, Hyperparameter::finite},
            {"alpha", &hyperparam.alpha, Hyperparameter::fraction},
            {"eps", &hyperparam.eps, Hyperparameter::epsilon},
            {"eps_inside_sqrt", &hyperparam.eps_inside_sqrt}};
  }

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"ms"}; }

 private:
  friend class ElementwiseRule<RMSprop>;
  template <class T>
  detail::RMSpropStep<T> step(std::int64_t) const {
    const bool inside = hyperparam.eps_inside_sqrt;
    return {static_cast<T>(hyperparam.lr), static_cast<T>(hyperparam.alpha),
            static_cast<T>(1 - hyperparam.alpha), static_cast<T>(inside ? hyperparam.eps : 0),
            static_cast<T>(inside ? 0 : hyperparam.eps)};
  }
};

}  // namespace tenbin
