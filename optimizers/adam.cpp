#include "tenbin/optimizers/adam.h"

#include <cmath>
#include <limits>

#include "tenbin/cpu/update.h"

namespace tenbin {

void Adam::check() const {
  require_finite("alpha", hyperparam.alpha);
  require_fraction("beta1", hyperparam.beta1);
  require_fraction("beta2", hyperparam.beta2);
  require_epsilon(hyperparam.eps);
  require_finite("eta", hyperparam.eta);
  require_finite("weight_decay_rate", hyperparam.weight_decay_rate);
  if (!hyperparam.adabound) return;
  require(std::isfinite(hyperparam.final_lr) && hyperparam.final_lr >= 0, "final_lr", "finite and >= 0",
          hyperparam.final_lr);
  require(hyperparam.alpha / initial_alpha_ >= 0, "alpha", "of the sign of the first one, and that not 0",
          hyperparam.alpha);
  require(std::isfinite(hyperparam.gamma) && hyperparam.gamma > 0, "gamma", "finite and > 0",
          hyperparam.gamma);
}

// AdaBound compares alpha with the first one, so that is saved too.
std::vector<Hyperparameter> Adam::hyperparameters() {
  AdamOptions& h = hyperparam;
  return {{"alpha", &h.alpha},
          {"beta1", &h.beta1},
          {"beta2", &h.beta2},
          {"eps", &h.eps},
          {"eta", &h.eta},
          {"weight_decay_rate", &h.weight_decay_rate},
          {"amsgrad", &h.amsgrad},
          {"adabound", &h.adabound},
          {"final_lr", &h.final_lr},
          {"gamma", &h.gamma},
          {"initial_alpha", &initial_alpha_}};
}

template <class T>
detail::AdamStep<T> Adam::step(std::int64_t t) const {
  const double count = static_cast<double>(t);
  const double rate = hyperparam.alpha * std::sqrt(1 - std::pow(hyperparam.beta2, count)) /
                      (1 - std::pow(hyperparam.beta1, count));
  detail::AdamStep<T> step{};
  step.alpha = static_cast<T>(rate);
  step.beta1_complement = static_cast<T>(1 - hyperparam.beta1);
  step.beta2_complement = static_cast<T>(1 - hyperparam.beta2);
  step.eps = static_cast<T>(hyperparam.eps);
  step.eta = static_cast<T>(hyperparam.eta);
  step.decay = static_cast<T>(hyperparam.weight_decay_rate);
  step.lower = -std::numeric_limits<T>::infinity();
  step.upper = std::numeric_limits<T>::infinity();
  if (!hyperparam.adabound) return step;
  const double final_rate = hyperparam.final_lr * hyperparam.alpha / initial_alpha_;
  step.lower = static_cast<T>(final_rate * (1 - 1 / (hyperparam.gamma * count + 1)));
  step.upper = static_cast<T>(final_rate * (1 + 1 / (hyperparam.gamma * count)));
  return step;
}

// For update_gpu.
template detail::AdamStep<float> Adam::step(std::int64_t) const;
template detail::AdamStep<double> Adam::step(std::int64_t) const;

void Adam::update_cpu(FlatParameters& p, std::int64_t t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if (hyperparam.amsgrad) {
      cpu::for_each_element<T>(step<T>(t), p.data, p.grad, p.states[0], p.states[1], p.states[2]);
    } else {
      cpu::for_each_element<T>(step<T>(t), p.data, p.grad, p.states[0], p.states[1]);
    }
  });
}

TENBIN_NO_GPU_UPDATE(Adam);

}  // namespace tenbin
