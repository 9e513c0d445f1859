// AdaDelta.
#pragma once

#include <cmath>
#include <optional>

#include "tenbin/optimizers/elementwise_rule.h"

namespace tenbin {

namespace detail {

// One element.
template <class T>
struct AdaDeltaStep {
  T rho, complement, eps;
  constexpr void operator()(T& w, const T& g, T& msg, T& msdx) const {
    msg = rho * msg + complement * g * g;
    const T dx = std::sqrt((msdx + eps) / divisor(msg + eps)) * g;
    msdx = rho * msdx + complement * dx * dx;
    w -= dx;
  }
};

}  // namespace detail

/// Options of AdaDelta.
struct AdaDeltaOptions {
  double rho = 0.95;  ///< decay of the means of squares, in [0, 1)
  double eps = 1e-6;  ///< >= 0; with 0 all steps are 0
};

/// Options of a group of AdaDelta. Those that are not given are the optimizer's.
struct AdaDeltaGroupOptions {
  std::optional<double> rho = {};
  std::optional<double> eps = {};

  AdaDeltaOptions with_defaults(const AdaDeltaOptions& defaults) const {
    return {rho.value_or(defaults.rho), eps.value_or(defaults.eps)};
  }
};

/// AdaDelta, msg = rho msg + (1 - rho) g^2; dx = sqrt((msdx + eps) / (msg + eps)) g;
/// msdx = rho msdx + (1 - rho) dx^2; w -= dx. (Chainer: `AdaDelta`; Zeiler, arXiv:1212.5701.)
///
///     AdaDelta optimizer;
class AdaDelta : public ElementwiseRule<AdaDelta> {
 public:
  explicit AdaDelta(const AdaDeltaOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "AdaDelta"; }
  /// A group of parameters, see Optimizer.
  AdaDelta& group(const std::string& pattern, const AdaDeltaGroupOptions& options = {}) {
    return add_group(pattern, std::make_unique<AdaDelta>(options.with_defaults(hyperparam)));
  }

  AdaDeltaOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override {
    return {{"rho", &hyperparam.rho, Hyperparameter::fraction},
            {"eps", &hyperparam.eps, Hyperparameter::epsilon}};
  }

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"msg", "msdx"}; }

 private:
  friend class ElementwiseRule<AdaDelta>;
  template <class T>
  detail::AdaDeltaStep<T> step(std::int64_t) const {
    return {static_cast<T>(hyperparam.rho), static_cast<T>(1 - hyperparam.rho),
            static_cast<T>(hyperparam.eps)};
  }
};

}  // namespace tenbin
