#include "tenbin/optimizers/momentum_sgd.h"

#include "tenbin/optimizers/update_loop.h"

namespace tenbin {

void MomentumSGD::check() const {
  require_finite("lr", hyperparam.lr);
  require_fraction("momentum", hyperparam.momentum);
}

void MomentumSGD::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T lr = static_cast<T>(hyperparam.lr);
    const T momentum = static_cast<T>(hyperparam.momentum);
    cpu::for_each_element<T>(
        [lr, momentum](T& w, const T& g, T& v) {
          v = momentum * v - lr * g;
          w += v;
        },
        p.data, p.grad, p.states[0]);
  });
}

TENBIN_NO_GPU_UPDATE(MomentumSGD);

}  // namespace tenbin
