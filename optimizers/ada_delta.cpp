#include "tenbin/optimizers/ada_delta.h"

#include "tenbin/cpu/update.h"

namespace tenbin {

void AdaDelta::check() const {
  require_fraction("rho", hyperparam.rho);
  require_epsilon(hyperparam.eps);
}

void AdaDelta::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>(step<T>(), p.data, p.grad, p.states[0], p.states[1]);
  });
}

TENBIN_NO_GPU_UPDATE(AdaDelta);

}  // namespace tenbin
