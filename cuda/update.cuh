// The loop of the update rules on a GPU.
#pragma once

#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/elementwise.cuh"

namespace tenbin::gpu {

namespace detail {

// After an error of a kernel nothing is updated: the gradients are not valid.
template <class Step, class... Pointers>
__global__ void update_kernel(const DeferredError* error, Index count, StepValue<Step> step,
                              Pointers... elements) {
  if (error->raise != nullptr) return;
  const Step update = step.get();
  const Index threads = static_cast<Index>(gridDim.x) * blockDim.x;
  for (Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += threads)
    update(elements[i]...);
}

}  // namespace detail

/// The counterpart of cpu::update_each (cpu/update.h): calls `step`, a functor whose values may change
/// from step to step, with a reference to element i of every array, for all i. Nothing happens if a kernel
/// has reported an error that the CPU has not read yet.
///
///     gpu::update_each<T>(gpu::step_value([this] { return step<T>(); }), data, grad)
template <class T, class Step, class... FlatArrays>
void update_each(const StepValue<Step>& step, Array& first, FlatArrays&... rest) {
  if (first.size() == 0) return;
  Context& context = Context::of(first);
  const auto count = static_cast<Index>(first.size());
  const auto run = [&](auto*... elements) {
    const Launch launch(context, detail::grid_for(context, count), block_threads);
    launch(detail::update_kernel<Step, decltype(elements)...>, context.deferred_error(), count, step,
           elements...);
  };
  run(first.data<T>(), rest.template data<T>()...);
}

}  // namespace tenbin::gpu
