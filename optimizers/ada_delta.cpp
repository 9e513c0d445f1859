#include "tenbin/optimizers/ada_delta.h"

#include <cmath>

#include "tenbin/optimizers/update_loop.h"

namespace tenbin {

void AdaDelta::check() const {
  require_fraction("rho", hyperparam.rho);
  require_epsilon(hyperparam.eps);
}

void AdaDelta::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T rho = static_cast<T>(hyperparam.rho);
    const T complement = static_cast<T>(1 - hyperparam.rho);
    const T eps = static_cast<T>(hyperparam.eps);
    cpu::for_each_element<T>(
        [=](T& w, const T& g, T& msg, T& msdx) {
          msg = rho * msg + complement * g * g;
          const T dx = std::sqrt((msdx + eps) / (msg + eps)) * g;
          msdx = rho * msdx + complement * dx * dx;
          w -= dx;
        },
        p.data, p.grad, p.states[0], p.states[1]);
  });
}

TENBIN_NO_GPU_UPDATE(AdaDelta);

}  // namespace tenbin
