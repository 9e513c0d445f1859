// The loop of the update rules on a GPU. For their .cu files.
#pragma once

#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/elementwise.cuh"

namespace tenbin::gpu {

namespace detail {

// A step whose batch was found wrong changes nothing: its gradients mean nothing.
template <class T, class Formula, class... Elements>
__global__ void update_kernel(const DeferredError* error, Index count, StepValue<Formula> formula, T* first,
                              Elements*... rest) {
  if (error->raise != nullptr) return;
  const Formula f = formula.get();
  const Index step = static_cast<Index>(gridDim.x) * blockDim.x;
  for (Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step)
    f(first[i], rest[i]...);
}

}  // namespace detail

/// The counterpart of cpu::for_each_element (update_loop.h): `formula`, a functor that may be another one in
/// every step, with a reference to element i of every array, for all i. Nothing happens if a kernel has
/// reported an error that the CPU has not read yet.
///
///     gpu::update_each_element<T>(gpu::step_value([this] { return step<T>(); }), data, grad)
template <class T, class Formula, class... FlatArrays>
void update_each_element(const StepValue<Formula>& formula, Array& first, FlatArrays&... rest) {
  if (first.size() == 0) return;
  Context& context = Context::of(first);
  const auto count = static_cast<Index>(first.size());
  const Launch launch(context, detail::grid_for(context, count), block_threads);
  launch(detail::update_kernel<T, Formula, std::enable_if_t<sizeof(FlatArrays) != 0, T>...>,
         context.deferred_error(), count, formula, first.data<T>(), rest.template data<T>()...);
}

}  // namespace tenbin::gpu
