#include "tenbin/optimizers/ada_grad.h"

#include "tenbin/cpu/update.h"

namespace tenbin {

void AdaGrad::check() const {
  require_finite("lr", hyperparam.lr);
  require_epsilon(hyperparam.eps);
}

void AdaGrad::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>(step<T>(), p.data, p.grad, p.states[0]);
  });
}

TENBIN_NO_GPU_UPDATE(AdaGrad);

}  // namespace tenbin
