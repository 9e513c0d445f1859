#include "tenbin/optimizers/adam.h"

#include <cmath>
#include <limits>

#include "tenbin/optimizers/detail/elementwise_bodies.h"

namespace tenbin {

#ifndef TENBIN_KERNELS  // compiled once, for both devices

void Adam::check() const {
  if (!hyperparam.adabound) return;
  require(std::isfinite(hyperparam.final_lr) && hyperparam.final_lr >= 0, "final_lr", "finite and >= 0",
          hyperparam.final_lr);
  require(hyperparam.alpha / initial_alpha_ >= 0, "alpha",
          "of the sign of the initial alpha, which must not be 0", hyperparam.alpha);
  require(std::isfinite(hyperparam.gamma) && hyperparam.gamma > 0, "gamma", "finite and > 0",
          hyperparam.gamma);
}

void Adam::set_learning_rate(double rate) {
  if (hyperparam.weight_decay_rate != 0 && hyperparam.alpha != 0) {
    hyperparam.eta = rate / hyperparam.alpha;
  } else {
    hyperparam.alpha = hyperparam.eta == 0 ? rate : rate / hyperparam.eta;
  }
}

// AdaBound compares alpha with the initial one, so that is saved too.
std::vector<Hyperparameter> Adam::hyperparameters() {
  AdamOptions& h = hyperparam;
  return {{"alpha", &h.alpha, Hyperparameter::finite},
          {"beta1", &h.beta1, Hyperparameter::fraction},
          {"beta2", &h.beta2, Hyperparameter::fraction},
          {"eps", &h.eps, Hyperparameter::epsilon},
          {"eta", &h.eta, Hyperparameter::finite},
          {"weight_decay_rate", &h.weight_decay_rate, Hyperparameter::finite},
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

// The kernels use these, too.
template detail::AdamStep<float> Adam::step(std::int64_t) const;
template detail::AdamStep<double> Adam::step(std::int64_t) const;

#endif

template class ElementwiseRule<Adam>;

}  // namespace tenbin
