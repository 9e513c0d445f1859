// for_each_row: a kernel with lanes of a warp, or a block, for each row. For .cu files.
#pragma once

#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

namespace detail {

// 1 resident block is enough: otherwise the compiler spills rather than use more than 64 registers.
template <class Group, class F>
__global__ void __launch_bounds__(block_threads, 1) for_each_row_kernel(Index rows, F f) {
  const Index row = Group::row();
  if (row < rows) f(Group(), row);
}

}  // namespace detail

/// Calls `f(group, row)` for every row, in all threads of its group. `length`, about the length of a row,
/// decides the number of threads.
///
///     gpu::for_each_row(context, rows, length, [=] __device__(auto group, gpu::Index row) {
///       double sum = 0;
///       for (gpu::Index c = group.rank(); c < length; c += group.width) sum += x[row * length + c];
///       sum = group.reduce(sum, gpu::Plus());
///       if (group.rank() == 0) y[row] = sum;
///     });
template <class F>
void for_each_row(Context& context, std::size_t rows, std::size_t length, F f) {
  if (rows == 0) return;
  with_group(length, [&](auto group) {
    using Group = decltype(group);
    const Launch launch(context, grid_for_rows<Group>(rows), block_threads);
    launch(detail::for_each_row_kernel<Group, F>, static_cast<Index>(rows), f);
  });
}

}  // namespace tenbin::gpu
