// One value of all threads of a grid, without a second launch: the last block to finish combines what the
// blocks have left, in an order that never changes. For .cu files.
#pragma once

#include <algorithm>

#include "tenbin/core/array.h"
#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

/// Where the blocks of one launch leave their values.
template <class T>
struct GridScratch {
  T* partials;
  unsigned* ticket;
};

/// The memory of a GridScratch; it may go as soon as the kernel is launched.
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

/// Blocks for `wanted` of them, at least one and no more than are resident at once: as each leaves a value
/// for the last one to read, those that are there had better do more.
inline dim3 resident_grid(const Context& context, Index wanted) {
  return dim3(static_cast<unsigned>(std::clamp<Index>(wanted, 1, context.resident_blocks())));
}

/// Combines the values of all threads of the grid, block_threads to a block; each must come, once in a
/// kernel. True in the threads of one block, and there `value` is the result. `op` as for `Lanes::reduce`.
///
///     if (gpu::reduce_grid(sum, 0.0, gpu::Plus(), scratch) && threadIdx.x == 0) *y = sum;
template <class T, class Op>
__device__ bool reduce_grid(T& value, T identity, Op op, const GridScratch<T>& scratch) {
  __shared__ bool is_last;
  value = Block<>::reduce(value, op);
  if (threadIdx.x == 0) {
    scratch.partials[blockIdx.x] = value;
    __threadfence();  // the value before the ticket: who draws the last one must see them all
    is_last = atomicInc(scratch.ticket, gridDim.x - 1) == gridDim.x - 1;  // and the ticket is 0 again
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
