// Nesterov's accelerated gradient.
#pragma once

#include <optional>

#include "tenbin/optimizers/elementwise_rule.h"

namespace tenbin {

namespace detail {

// One element.
template <class T>
struct NesterovAGStep {
  T lr, momentum;
  constexpr void operator()(T& w, const T& g, T& v) const {
    v = momentum * v - lr * g;
    w += momentum * momentum * v - (1 + momentum) * lr * g;
  }
};

}  // namespace detail

/// Options of NesterovAG.
struct NesterovAGOptions {
  double lr = 0.01;       ///< learning rate
  double momentum = 0.9;  ///< in [0, 1)
};

/// Options of a group of NesterovAG. Those that are not given are the optimizer's.
struct NesterovAGGroupOptions {
  std::optional<double> lr = {};
  std::optional<double> momentum = {};

  NesterovAGOptions with_defaults(const NesterovAGOptions& defaults) const {
    return {lr.value_or(defaults.lr), momentum.value_or(defaults.momentum)};
  }
};

/// Nesterov's accelerated gradient, v = momentum v - lr g; w += momentum^2 v - (1 + momentum) lr g, with the
/// new v in the second formula too, as Chainer has it. (Chainer: `NesterovAG`; Bengio et al., "Advances in
/// optimizing recurrent networks", ICASSP 2013.)
///
///     NesterovAG optimizer({.lr = 0.1});
class NesterovAG : public ElementwiseRule<NesterovAG> {
 public:
  explicit NesterovAG(const NesterovAGOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "NesterovAG"; }
  /// A group of parameters, see Optimizer.
  NesterovAG& group(const std::string& pattern, const NesterovAGGroupOptions& options = {}) {
    return add_group(pattern, std::make_unique<NesterovAG>(options.with_defaults(hyperparam)));
  }

  NesterovAGOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override {
    return {{"lr", &hyperparam.lr, Hyperparameter::finite},
            {"momentum", &hyperparam.momentum, Hyperparameter::fraction}};
  }

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"v"}; }

 private:
  friend class ElementwiseRule<NesterovAG>;
  template <class T>
  detail::NesterovAGStep<T> step(std::int64_t) const {
    return {static_cast<T>(hyperparam.lr), static_cast<T>(hyperparam.momentum)};
  }
};

}  // namespace tenbin
