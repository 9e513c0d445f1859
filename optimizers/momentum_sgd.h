// Gradient descent with momentum.
#pragma once

#include <optional>

#include "tenbin/optimizers/elementwise_rule.h"

namespace tenbin {

namespace detail {

// One element.
template <class T>
struct MomentumSGDStep {
  T lr, momentum;
  constexpr void operator()(T& w, const T& g, T& v) const {
    v = momentum * v - lr * g;
    w += v;
  }
};

}  // namespace detail

/// Options of MomentumSGD.
struct MomentumSGDOptions {
  double lr = 0.01;       ///< learning rate
  double momentum = 0.9;  ///< in [0, 1)
};

/// Options of a group of MomentumSGD. Those that are not given are the optimizer's.
struct MomentumSGDGroupOptions {
  std::optional<double> lr = {};
  std::optional<double> momentum = {};

  MomentumSGDOptions with_defaults(const MomentumSGDOptions& defaults) const {
    return {lr.value_or(defaults.lr), momentum.value_or(defaults.momentum)};
  }
};

/// Gradient descent with momentum, v = momentum v - lr g; w += v. (Chainer: `MomentumSGD`.)
///
/// v includes the rate: after a change of `lr` it still contains steps of the old rate, unlike PyTorch's.
///
///     MomentumSGD optimizer({.lr = 0.1});
class MomentumSGD : public ElementwiseRule<MomentumSGD> {
 public:
  explicit MomentumSGD(const MomentumSGDOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "MomentumSGD"; }
  /// A group of parameters, see Optimizer.
  MomentumSGD& group(const std::string& pattern, const MomentumSGDGroupOptions& options = {}) {
    return add_group(pattern, std::make_unique<MomentumSGD>(options.with_defaults(hyperparam)));
  }

  MomentumSGDOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override {
    return {{"lr", &hyperparam.lr, Hyperparameter::finite},
            {"momentum", &hyperparam.momentum, Hyperparameter::fraction}};
  }

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"v"}; }

 private:
  friend class ElementwiseRule<MomentumSGD>;
  template <class T>
  detail::MomentumSGDStep<T> step(std::int64_t) const {
    return {static_cast<T>(hyperparam.lr), static_cast<T>(hyperparam.momentum)};
  }
};

}  // namespace tenbin
