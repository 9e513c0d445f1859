#include "tenbin/optimizers/ada_grad.h"

#include "tenbin/cuda/update.cuh"

namespace tenbin {

void AdaGrad::update_gpu(FlatParameters& p, std::int64_t) {
  visit_floating(p.data.dtype(), [&](auto zero) {
    using T = decltype(zero);
    gpu::update_each_element<T>(gpu::step_value([this] { return step<T>(); }), p.data, p.grad, p.states[0]);
  });
}

}  // namespace tenbin
