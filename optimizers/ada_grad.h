// AdaGrad.
#pragma once

#include <cmath>
#include <optional>

#include "tenbin/optimizers/elementwise_rule.h"

namespace tenbin {

namespace detail {

// One element.
template <class T>
struct AdaGradStep {
  T lr, eps;
  constexpr void operator()(T& w, const T& g, T& h) const {
    h += g * g;
    w -= lr * g / divisor(std::sqrt(h) + eps);
  }
};

}  // namespace detail

/// Options of AdaGrad.
struct AdaGradOptions {
  double lr = 0.001;  ///< learning rate
  double eps = 1e-8;  ///< >= 0; 0: no step where the gradients have been 0
};

/// Options of a group of AdaGrad. Those that are not given are the optimizer's.
struct AdaGradGroupOptions {
  std::optional<double> lr = {};
  std::optional<double> eps = {};

  AdaGradOptions with_defaults(const AdaGradOptions& defaults) const {
    return {lr.value_or(defaults.lr), eps.value_or(defaults.eps)};
  }
};

/// AdaGrad, h += g^2; w -= lr g / (sqrt(h) + eps). (Chainer: `AdaGrad`; Duchi et al., JMLR 12, 2011.)
///
///     AdaGrad optimizer({.lr = 0.1});
class AdaGrad : public ElementwiseRule<AdaGrad> {
 public:
  explicit AdaGrad(const AdaGradOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "AdaGrad"; }
  /// A group of parameters, see Optimizer.
  AdaGrad& group(const std::string& pattern, const AdaGradGroupOptions& options = {}) {
    return add_group(pattern, std::make_unique<AdaGrad>(options.with_defaults(hyperparam)));
  }

  AdaGradOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override {
    return {{"lr", &hyperparam.lr, Hyperparameter::finite},
            {"eps", &hyperparam.eps, Hyperparameter::epsilon}};
  }

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"h"}; }

 private:
  friend class ElementwiseRule<AdaGrad>;
  template <class T>
  detail::AdaGradStep<T> step(std::int64_t) const {
    return {static_cast<T>(hyperparam.lr), static_cast<T>(hyperparam.eps)};
  }
};

}  // namespace tenbin
