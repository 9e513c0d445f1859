// Checks in kernels: they report, and the CPU throws when it reads. For .cu files.
#pragma once

#include "tenbin/cuda/fault.h"
#include "tenbin/cuda/group.cuh"
#include "tenbin/cuda/launch.cuh"

namespace tenbin::gpu {

/// In a kernel, by one thread of the grid: `fault` about an element, unless there is an older complaint.
inline __device__ void report(Fault* slot, const Fault& fault, Index position, double value, Index label) {
  if (slot->raise != nullptr) return;
  *slot = fault;
  slot->position = position;
  slot->value = value;
  slot->label = label;
}

namespace detail {

// One block looks at everything, so that the first of several is found without a second launch.
template <class T, class Holds>
__global__ void require_each_kernel(Fault* slot, Fault fault, Index count, const T* values, Holds holds) {
  Index first = count;
  for (Index i = threadIdx.x; i < count && first == count; i += blockDim.x)
    if (!holds(values[i])) first = i;
  first = Block<block_threads>::reduce(first, Smaller());
  if (threadIdx.x == 0 && first < count)
    report(slot, fault, first, static_cast<double>(values[first]), static_cast<Index>(values[first]));
}

}  // namespace detail

/// Reports the first of `values` for which `holds(value)` is false.
///
///     gpu::require_each(context, fault, t.size(), t.data<T>(), [=] __device__(T label) { return label >= 0;
///     });
template <class T, class Holds>
void require_each(Context& context, const Fault& fault, std::size_t count, const T* values, Holds holds) {
  if (count == 0) return;
  Launch(context, 1, block_threads)(detail::require_each_kernel<T, Holds>, context.fault(), fault,
                                    static_cast<Index>(count), values, holds);
}

}  // namespace tenbin::gpu
