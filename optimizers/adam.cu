#include "tenbin/optimizers/adam.h"

#include "tenbin/cuda/update.cuh"

namespace tenbin {

void Adam::update_gpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto adam = gpu::step_value([this] { return step<T>(t() + 1); });
    if (hyperparam.amsgrad) {
      gpu::update_each_element<T>(adam, p.data, p.grad, p.states[0], p.states[1], p.states[2]);
    } else {
      gpu::update_each_element<T>(adam, p.data, p.grad, p.states[0], p.states[1]);
    }
  });
}

}  // namespace tenbin
