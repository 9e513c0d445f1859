#include "tenbin/optimizers/rmsprop.h"

#include <cmath>

#include "tenbin/optimizers/update_loop.h"

namespace tenbin {

void RMSprop::check() const {
  require_finite("lr", hyperparam.lr);
  require_fraction("alpha", hyperparam.alpha);
  require_epsilon(hyperparam.eps);
}

void RMSprop::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T lr = static_cast<T>(hyperparam.lr);
    const T alpha = static_cast<T>(hyperparam.alpha);
    const T beta = static_cast<T>(1 - hyperparam.alpha);
    const T inside = static_cast<T>(hyperparam.eps_inside_sqrt ? hyperparam.eps : 0);
    const T outside = static_cast<T>(hyperparam.eps_inside_sqrt ? 0 : hyperparam.eps);
    cpu::for_each_element<T>(
        [=](T& w, const T& g, T& ms) {
          ms = alpha * ms + beta * g * g;
          w -= lr * g / (std::sqrt(ms + inside) + outside);
        },
        p.data, p.grad, p.states[0]);
  });
}

TENBIN_NO_GPU_UPDATE(RMSprop);

}  // namespace tenbin
