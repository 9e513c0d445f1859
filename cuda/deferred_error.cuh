// Checks in kernels: they store an error, and the CPU throws it at the next read. For .cu files.
#pragma once

#include "tenbin/core/deferred_error.h"
#include "tenbin/cuda/group.cuh"
#include "tenbin/cuda/launch.cuh"

namespace tenbin::gpu {

/// In a kernel, by one thread of the grid: stores `error` about an element, unless there is an earlier one.
inline __device__ void report(DeferredError* slot, const DeferredError& error, Index position, double value,
                              Index label) {
  if (slot->raise != nullptr) return;
  *slot = error;
  slot->position = position;
  slot->value = value;
  slot->label = label;
}

namespace detail {

// One block checks all values, so that the first of several invalid ones is found without a second launch.
template <class T, class Holds>
__global__ void require_each_kernel(DeferredError* slot, DeferredError error, Index count, const T* values,
                                    Holds holds) {
  Index first = count;
  for (Index i = threadIdx.x; i < count && first == count; i += blockDim.x)
    if (!holds(values[i])) first = i;
  first = Block<block_threads>::reduce(first, Smaller());
  if (threadIdx.x == 0 && first < count)
    report(slot, error, first, static_cast<double>(values[first]), static_cast<Index>(values[first]));
}

}  // namespace detail

/// Reports the first of `values` for which `holds(value)` is false.
///
///     gpu::require_each(context, error, t.size(), t.data<T>(), [=] __device__(T label) { return label >= 0;
///     });
template <class T, class Holds>
void require_each(Context& context, const DeferredError& error, std::size_t count, const T* values,
                  Holds holds) {
  if (count == 0) return;
  Launch(context, 1, block_threads)(detail::require_each_kernel<T, Holds>, context.deferred_error(), error,
                                    static_cast<Index>(count), values, holds);
}

}  // namespace tenbin::gpu
