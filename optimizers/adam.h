// Adam and its variants: AdamW, AMSGrad, AdaBound.
#pragma once

#include <cmath>
#include <optional>

#include "tenbin/optimizers/elementwise_rule.h"

namespace tenbin {

namespace detail {

// One element. `alpha` includes the corrections of the means. Without AdaBound the bounds are infinite: a
// branch would keep the loop from being vectorised.
template <class T>
struct AdamStep {
  T alpha, beta1_complement, beta2_complement, eps, eta, decay, lower, upper;

  constexpr void operator()(T& w, const T& g, T& m, T& v) const {
    m += beta1_complement * (g - m);
    v += beta2_complement * (g * g - v);
    move(w, m, v);
  }
  // AMSGrad.
  constexpr void operator()(T& w, const T& g, T& m, T& v, T& vhat) const {
    m += beta1_complement * (g - m);
    v += beta2_complement * (g * g - v);
    vhat = v > vhat ? v : vhat;
    move(w, m, vhat);
  }

 private:
  constexpr void move(T& w, T m, T square) const {
    T step = alpha / divisor(std::sqrt(square) + eps);
    step = step < lower ? lower : step;
    step = step > upper ? upper : step;
    w -= eta * (step * m + decay * w);
  }
};

}  // namespace detail

/// Options of Adam.
struct AdamOptions {
  double alpha = 0.001;          ///< step size
  double beta1 = 0.9;            ///< decay of the mean, in [0, 1)
  double beta2 = 0.999;          ///< decay of the mean of squares, in [0, 1)
  double eps = 1e-8;             ///< >= 0; 0: no step where the gradients have been 0
  double eta = 1;                ///< multiplies the step and the weight decay, for schedules
  double weight_decay_rate = 0;  ///< decoupled weight decay (AdamW), not multiplied by alpha
  bool amsgrad = false;          ///< the divisor never becomes smaller
  bool adabound = false;         ///< clips the step towards final_lr
  double final_lr = 0.1;         ///< of adabound: the final rate
  double gamma = 1e-3;           ///< of adabound: how fast the bounds converge, > 0
};

/// Options of a group of Adam. Those that are not given are the optimizer's.
struct AdamGroupOptions {
  std::optional<double> alpha = {};
  std::optional<double> beta1 = {};
  std::optional<double> beta2 = {};
  std::optional<double> eps = {};
  std::optional<double> eta = {};
  std::optional<double> weight_decay_rate = {};
  std::optional<bool> amsgrad = {};
  std::optional<bool> adabound = {};
  std::optional<double> final_lr = {};
  std::optional<double> gamma = {};

  AdamOptions with_defaults(const AdamOptions& defaults) const {
    return {alpha.value_or(defaults.alpha),       beta1.value_or(defaults.beta1),
            beta2.value_or(defaults.beta2),       eps.value_or(defaults.eps),
            eta.value_or(defaults.eta),           weight_decay_rate.value_or(defaults.weight_decay_rate),
            amsgrad.value_or(defaults.amsgrad),   adabound.value_or(defaults.adabound),
            final_lr.value_or(defaults.final_lr), gamma.value_or(defaults.gamma)};
  }
};

/// Adam (Kingma and Ba, ICLR 2015), after Chainer's `Adam`:
///
///     m += (1 - beta1) (g - m);  v += (1 - beta2) (g^2 - v)
///     vhat = max(vhat, v) with amsgrad, v otherwise
///     step = alpha sqrt(1 - beta2^t) / (1 - beta1^t) / (sqrt(vhat) + eps), clipped with adabound
///     w -= eta (step m + weight_decay_rate w)
///
/// Two things differ from PyTorch: eps is added to the uncorrected sqrt(v), and the weight decay (Loshchilov
/// and Hutter, "Decoupled weight decay regularization", ICLR 2019) is not multiplied by alpha (see AdamW).
/// AMSGrad: Reddi et al., ICLR 2018. AdaBound: Luo et al., ICLR 2019; the bounds are final_lr (1 - 1 / (gamma
/// t + 1)) and final_lr (1 + 1 / (gamma t)), where final_lr follows alpha if that is changed after
/// construction.
///
///     Adam optimizer({.alpha = 1e-3});
class Adam : public ElementwiseRule<Adam> {
 public:
  explicit Adam(const AdamOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "Adam"; }
  /// A group of parameters, see Optimizer.
  Adam& group(const std::string& pattern, const AdamGroupOptions& options = {}) {
    auto rule = std::make_unique<Adam>(options.with_defaults(hyperparam));
    if (!options.alpha) rule->initial_alpha_ = initial_alpha_;
    return add_group(pattern, std::move(rule));
  }

  /// eta alpha. With a weight decay, setting it changes `eta`, so that the decay is scaled, too: at a rate of
  /// 0 nothing moves. Without one, it changes `alpha`.
  double learning_rate() override { return hyperparam.eta * hyperparam.alpha; }
  void set_learning_rate(double rate) override;

  AdamOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override;

 protected:
  SmallVector<const char*, 3> state_names() const override {
    return hyperparam.amsgrad ? SmallVector<const char*, 3>{"m", "v", "vhat"}
                              : SmallVector<const char*, 3>{"m", "v"};
  }
  void check() const override;

 private:
  friend class ElementwiseRule<Adam>;
  template <class T>
  detail::AdamStep<T> step(std::int64_t t) const;

  double initial_alpha_ = hyperparam.alpha;
};

/// Adam with decoupled weight decay: an Adam with a `weight_decay_rate`. (Chainer:
/// `AdamW`.)
///
/// The rate is the fraction of a parameter that decays in one update. PyTorch's is multiplied by the learning
/// rate: its `lr=1e-3, weight_decay=1e-2` is alpha = 1e-3 and weight_decay_rate = 1e-3 x 1e-2 = 1e-5 here. A
/// schedule for both changes `eta`, as `set_learning_rate` does; a schedule of `alpha` leaves the decay as it
/// is.
///
///     AdamW optimizer({.alpha = 1e-3, .weight_decay_rate = 1e-5});
class AdamW : public Adam {
 public:
  using Adam::Adam;
  std::string name() const override { return "AdamW"; }
};

/// Adam with `amsgrad` set. (Chainer: `AMSGrad`.)
class AMSGrad : public Adam {
 public:
  explicit AMSGrad(const AdamOptions& options = {}) : Adam(options) { hyperparam.amsgrad = true; }
  std::string name() const override { return "AMSGrad"; }
};

/// Adam with `adabound` set. (Chainer: `AdaBound`.)
class AdaBound : public Adam {
 public:
  explicit AdaBound(const AdamOptions& options = {}) : Adam(options) { hyperparam.adabound = true; }
  std::string name() const override { return "AdaBound"; }
};

}  // namespace tenbin
