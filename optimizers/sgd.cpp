#include "tenbin/optimizers/sgd.h"

#include "tenbin/cpu/update.h"

namespace tenbin {

void SGD::check() const { require_finite("lr", hyperparam.lr); }

void SGD::update_cpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    cpu::for_each_element<T>(step<T>(), p.data, p.grad);
  });
}

TENBIN_NO_GPU_UPDATE(SGD);

}  // namespace tenbin
