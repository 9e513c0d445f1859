// Threads that work together on one line: some lanes of a warp, or a block. For .cu files.
#pragma once

#include "tenbin/cuda/launch.cuh"

namespace tenbin::gpu {

// Operations for `reduce`.
struct Plus {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct Smaller {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return b < a ? b : a;
  }
};
struct Larger {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return b > a ? b : a;
  }
};

namespace detail {

inline __device__ float shuffle_xor(unsigned lanes, float v, int with) {
  return __shfl_xor_sync(lanes, v, with);
}
inline __device__ double shuffle_xor(unsigned lanes, double v, int with) {
  return __shfl_xor_sync(lanes, v, with);
}
inline __device__ int shuffle_xor(unsigned lanes, int v, int with) { return __shfl_xor_sync(lanes, v, with); }
inline __device__ Index shuffle_xor(unsigned lanes, Index v, int with) {
  return __shfl_xor_sync(lanes, v, with);
}

}  // namespace detail

/// Width neighbouring lanes of a warp per line, and so block_threads / Width lines per block. Width is a
/// power of two up to 32.
///
/// `reduce(v, op)` combines the values of all threads of the group, in a fixed order, and returns the result
/// to each. `op` is associative and commutative. v may be a struct with a `shuffle_xor(lanes, struct, with)`
/// in its namespace that shuffles the members.
template <int Width>
struct Lanes {
  static constexpr int width = Width;
  static constexpr int lines_per_block = block_threads / Width;

  __device__ static int rank() { return static_cast<int>(threadIdx.x) % Width; }
  __device__ static Index line() {
    return static_cast<Index>(blockIdx.x) * lines_per_block + static_cast<int>(threadIdx.x) / Width;
  }

  template <class T, class Op>
  __device__ static T reduce(T value, Op op) {
    using detail::shuffle_xor;
    // The lanes of this group only: lanes without a line need not call it.
    const unsigned first = threadIdx.x % 32 / Width * Width;
    const unsigned lanes = (Width == 32 ? ~0u : (1u << Width % 32) - 1u) << first;
    for (int with = Width / 2; with > 0; with /= 2) value = op(value, shuffle_xor(lanes, value, with));
    return value;
  }
};

/// A block of Threads threads per line. All of them must call `reduce`.
template <int Threads = block_threads>
struct Block {
  static constexpr int width = Threads;
  static constexpr int lines_per_block = 1;

  __device__ static int rank() { return static_cast<int>(threadIdx.x); }
  __device__ static Index line() { return static_cast<Index>(blockIdx.x); }

  template <class T, class Op>
  __device__ static T reduce(T value, Op op) {
    __shared__ T partial[Threads / 32];
    value = Lanes<32>::reduce(value, op);
    __syncthreads();  // what an earlier reduce left has been read
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
    __syncthreads();
    value = partial[0];
    for (int warp = 1; warp < Threads / 32; ++warp) value = op(value, partial[warp]);
    return value;
  }
};

/// Calls `f(group)` with the group for lines of this length: short lines share a warp, long lines get a block
/// each.
template <class F>
void with_group(std::size_t length, F f) {
  if (length <= 4) return f(Lanes<1>());
  if (length <= 16) return f(Lanes<4>());
  if (length <= 64) return f(Lanes<8>());
  if (length <= 1024) return f(Lanes<32>());
  f(Block<>());
}

/// The grid for `count` lines.
template <class Group>
dim3 grid_for_lines(std::size_t count) {
  return dim3(static_cast<unsigned>(ceil_div(static_cast<Index>(count), Group::lines_per_block)));
}

}  // namespace tenbin::gpu
