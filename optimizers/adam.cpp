#include "tenbin/optimizers/adam.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/optimizers/update_loop.h"

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

void Adam::update_cpu(FlatParameters& p, std::int64_t t) {
  const double count = static_cast<double>(t);
  const double rate = hyperparam.alpha * std::sqrt(1 - std::pow(hyperparam.beta2, count)) /
                      (1 - std::pow(hyperparam.beta1, count));
  const double final_rate = hyperparam.final_lr * hyperparam.alpha / initial_alpha_;
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T alpha = static_cast<T>(rate);
    const T beta1_complement = static_cast<T>(1 - hyperparam.beta1);
    const T beta2_complement = static_cast<T>(1 - hyperparam.beta2);
    const T eps = static_cast<T>(hyperparam.eps);
    const T eta = static_cast<T>(hyperparam.eta);
    const T decay = static_cast<T>(hyperparam.weight_decay_rate);
    const T infinity = std::numeric_limits<T>::infinity();
    const bool bounded = hyperparam.adabound;
    // Without bounds everything lies between them: a branch would keep the loop from being vectorised.
    const T lower =
        bounded ? static_cast<T>(final_rate * (1 - 1 / (hyperparam.gamma * count + 1))) : -infinity;
    const T upper = bounded ? static_cast<T>(final_rate * (1 + 1 / (hyperparam.gamma * count))) : infinity;

    const auto move = [=](T& w, T m, T square) {
      T step = alpha / (std::sqrt(square) + eps);
      step = step < lower ? lower : step;
      step = step > upper ? upper : step;
      w -= eta * (step * m + decay * w);
    };
    const auto adam = [=](T& w, const T& g, T& m, T& v) {
      m += beta1_complement * (g - m);
      v += beta2_complement * (g * g - v);
      move(w, m, v);
    };
    const auto amsgrad = [=](T& w, const T& g, T& m, T& v, T& vhat) {
      m += beta1_complement * (g - m);
      v += beta2_complement * (g * g - v);
      vhat = v > vhat ? v : vhat;
      move(w, m, vhat);
    };
    if (hyperparam.amsgrad) {
      cpu::for_each_element<T>(amsgrad, p.data, p.grad, p.states[0], p.states[1], p.states[2]);
    } else {
      cpu::for_each_element<T>(adam, p.data, p.grad, p.states[0], p.states[1]);
    }
  });
}

TENBIN_NO_GPU_UPDATE(Adam);

}  // namespace tenbin
