#include "tenbin/optimizers/momentum_sgd.h"

#include "tenbin/cpu/update.h"

namespace tenbin {

void MomentumSGD::check() const {
  require_finite("lr", hyperparam.lr);
  require_fraction("momentum", hyperparam.momentum);
}

void MomentumSGD::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>(step<T>(), p.data, p.grad, p.states[0]);
  });
}

TENBIN_NO_GPU_UPDATE(MomentumSGD);

}  // namespace tenbin
