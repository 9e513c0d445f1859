#include "tenbin/optimizers/nesterov_ag.h"

#include "tenbin/cpu/update.h"

namespace tenbin {

void NesterovAG::check() const {
  require_finite("lr", hyperparam.lr);
  require_fraction("momentum", hyperparam.momentum);
}

void NesterovAG::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>(step<T>(), p.data, p.grad, p.states[0]);
  });
}

TENBIN_NO_GPU_UPDATE(NesterovAG);

}  // namespace tenbin
