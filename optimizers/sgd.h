// Stochastic gradient descent.
#pragma once

#include <optional>

#include "tenbin/optimizers/elementwise_rule.h"

namespace tenbin {

namespace detail {

// One element.
template <class T>
struct SGDStep {
  T lr;
  constexpr void operator()(T& w, const T& g) const { w -= lr * g; }
};

}  // namespace detail

/// Options of SGD.
struct SGDOptions {
  double lr = 0.01;  ///< learning rate
};

/// Options of a group of SGD. Those that are not given are the optimizer's.
struct SGDGroupOptions {
  std::optional<double> lr = {};

  SGDOptions with_defaults(const SGDOptions& defaults) const { return {lr.value_or(defaults.lr)}; }
};

/// Stochastic gradient descent, w -= lr g. (Chainer: `SGD`.)
///
///     SGD optimizer({.lr = 0.1});
class SGD : public ElementwiseRule<SGD> {
 public:
  explicit SGD(const SGDOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "SGD"; }
  /// A group of parameters, see Optimizer.
  SGD& group(const std::string& pattern, const SGDGroupOptions& options = {}) {
    return add_group(pattern, std::make_unique<SGD>(options.with_defaults(hyperparam)));
  }

  SGDOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override {
    return {{"lr", &hyperparam.lr, Hyperparameter::finite}};
  }

 private:
  friend class ElementwiseRule<SGD>;
  template <class T>
  detail::SGDStep<T> step(std::int64_t) const {
    return {static_cast<T>(hyperparam.lr)};
  }
};

}  // namespace tenbin
