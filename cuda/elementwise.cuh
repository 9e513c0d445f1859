// A formula applied element by element: one launch, whatever the shapes. For .cu files.
#pragma once

#include <algorithm>

#include "tenbin/core/array.h"
#include "tenbin/cuda/launch.cuh"

namespace tenbin::gpu {

namespace detail {

template <class F>
__global__ void for_each_kernel(Index count, F f) {
  const Index step = static_cast<Index>(gridDim.x) * blockDim.x;
  for (Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) f(i);
}

template <class T, class F, class... Inputs>
__global__ void map_kernel(Index count, F f, T* y, const Inputs*... xs) {
  const Index step = static_cast<Index>(gridDim.x) * blockDim.x;
  for (Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step)
    y[i] = static_cast<T>(f(xs[i]...));
}

// Enough blocks to fill the device; thread i takes the elements i, i + threads, i + 2 threads, ...
inline dim3 grid_for(const Context& context, Index count) {
  const Index wanted = ceil_div(count, block_threads);
  return dim3(static_cast<unsigned>(std::min<Index>(wanted, context.resident_blocks())));
}

}  // namespace detail

/// Calls `f(i)` on the device for every i in [0, count), in any order.
///
///     gpu::for_each(context, n, [=] __device__(gpu::Index i) { y[i] = 2 * x[i]; });
template <class F>
void for_each(Context& context, std::size_t count, F f) {
  if (count == 0) return;
  const auto n = static_cast<Index>(count);
  Launch(context, detail::grid_for(context, n), block_threads)(detail::for_each_kernel<F>, n, f);
}

namespace detail {

// y := f(xs...), of arrays of one shape and dtype; y may be one of xs.
template <class F, class... Xs>
void map_to(Array& y, F f, const Xs&... xs) {
  if (y.size() == 0) return;
  Context& context = Context::of(y);
  const auto n = static_cast<Index>(y.size());
  const Launch launch(context, grid_for(context, n), block_threads);
  const auto run = [&](auto* out, const auto*... in) {
    using T = std::remove_pointer_t<decltype(out)>;
    launch(map_kernel<T, F, std::remove_cv_t<std::remove_pointer_t<decltype(in)>>...>, n, f, out, in...);
  };
  if (y.dtype() == Dtype::float32) {
    run(y.data<float>(), xs.template data<float>()...);
  } else {
    run(y.data<double>(), xs.template data<double>()...);
  }
}

}  // namespace detail

/// `f` of every element of arrays of one shape and one floating dtype, as a new array; the counterpart of
/// `cpu::map`. For shapes that broadcast, `broadcast_to` first.
///
///     gpu::map([] __device__(auto x, auto gy) { return gy * x; }, x, gy)
template <class F, class... Rest>
Array map(F f, const Array& first, const Rest&... rest) {
  Array y = Array::empty_like(first);
  detail::map_to(y, f, first, rest...);
  return y;
}

/// `f(before..., last)` of every element, in the memory of `last` if no other array shares it; the
/// counterpart of `cpu::map_last`.
template <class F, class... Before>
Array map_last(F f, const Array& last, const Before&... before) {
  if (!last.owns_buffer()) return map(f, before..., last);
  Array y = last;
  detail::map_to(y, f, before..., last);
  return y;
}

}  // namespace tenbin::gpu
