// A reduction over all threads of a grid in one launch: the last block to finish combines the values of the
// blocks, in a fixed order. For .cu files.
#pragma once

#include <algorithm>

#include "tenbin/core/array.h"
#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

/// Memory for the values of the blocks of one launch.
template <class T>
struct GridScratch {
  T* partials;
  unsigned* ticket;
};

/// Owns the memory of a GridScratch; may be destroyed as soon as the kernel is launched.
template <class T>
class GridMemory {
 public:
  GridMemory(Context& context, dim3 grid)
      : bytes_(Array::empty({grid.x * sizeof(T)}, Dtype::uint8, Device::cuda(context.device()))),
        ticket_(context.ticket()) {}

  GridScratch<T> scratch() { return {static_cast<T*>(bytes_.raw_data()), ticket_}; }

 private:
  Array bytes_;
  unsigned* ticket_;
};

/// A grid of `wanted` blocks, but at least one and no more than run at once: the last block reads a value of
/// each.
inline dim3 resident_grid(const Context& context, Index wanted) {
  return dim3(static_cast<unsigned>(std::clamp<Index>(wanted, 1, context.resident_blocks())));
}

/// Combines the values of all threads of the grid, block_threads per block; each thread must call it, once
/// per kernel. True in the threads of one block, whose `value` is the result. `op` as for `Lanes::reduce`.
///
///     if (gpu::reduce_grid(sum, 0.0, gpu::Plus(), scratch) && threadIdx.x == 0) *y = sum;
template <class T, class Op>
__device__ bool reduce_grid(T& value, T identity, Op op, const GridScratch<T>& scratch) {
  __shared__ bool is_last;
  value = Block<>::reduce(value, op);
  if (threadIdx.x == 0) {
    scratch.partials[blockIdx.x] = value;
    __threadfence();  // the last block must see all values
    is_last = atomicInc(scratch.ticket, gridDim.x - 1) == gridDim.x - 1;  // and resets it to 0
  }
  __syncthreads();
  if (!is_last) return false;
  __threadfence();
  value = identity;
  for (unsigned block = threadIdx.x; block < gridDim.x; block += block_threads)
    value = op(value, scratch.partials[block]);
  value = Block<>::reduce(value, op);
  return true;
}

}  // namespace tenbin::gpu
