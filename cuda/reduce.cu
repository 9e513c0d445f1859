#include "tenbin/cuda/reduce.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "tenbin/core/broadcast.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

namespace {

struct Sum {
  using Accumulator = double;
  static constexpr double initial = 0;
  __device__ double operator()(double a, double b) const { return a + b; }
};

template <class T>
struct Max {
  using Accumulator = T;
  static constexpr T initial = -std::numeric_limits<T>::infinity();
  __device__ T operator()(T a, T b) const { return b > a || b != b ? b : a; }
};

template <class T>
struct Min {
  using Accumulator = T;
  static constexpr T initial = std::numeric_limits<T>::infinity();
  __device__ T operator()(T a, T b) const { return b < a || b != b ? b : a; }
};

// One pass: x (outer, count, inner) becomes y (outer, chunks, inner), each from `chunk` elements.
template <class In, class Out>
struct Pass {
  const In* x;
  Index outer, count, inner;
  Index chunk, chunks;
  Out* y;
};

// inner is 1: a group to a chunk of a row.
template <class Group, class In, class Out, class Op>
__global__ void __launch_bounds__(block_threads) reduce_rows(Pass<In, Out> pass, Op op) {
  const Index part = Group::row();
  if (part >= pass.outer * pass.chunks) return;
  const Index begin = part % pass.chunks * pass.chunk;
  const Index end = begin + pass.chunk < pass.count ? begin + pass.chunk : pass.count;
  const In* const row = pass.x + part / pass.chunks * pass.count;
  auto result = Op::initial;
  for (Index i = begin + Group::rank(); i < end; i += Group::width)
    result = op(result, static_cast<typename Op::Accumulator>(row[i]));
  result = Group::reduce(result, op);
  if (Group::rank() == 0) pass.y[part] = static_cast<Out>(result);
}

// A block to a chunk of 32 columns: neighbouring threads read neighbouring columns, and each of the lanes
// takes every so-manieth row.
constexpr int columns_per_block = 32;
constexpr int lanes_per_column = block_threads / columns_per_block;

template <class In, class Out, class Op>
__global__ void __launch_bounds__(block_threads) reduce_columns(Pass<In, Out> pass, Op op) {
  using Accumulator = typename Op::Accumulator;
  __shared__ Accumulator partial[lanes_per_column][columns_per_block];
  const Index column_blocks = (pass.inner + columns_per_block - 1) / columns_per_block;
  const Index part = static_cast<Index>(blockIdx.x) / column_blocks;
  const int lane = static_cast<int>(threadIdx.x) / columns_per_block;
  const int place = static_cast<int>(threadIdx.x) % columns_per_block;
  const Index column = static_cast<Index>(blockIdx.x) % column_blocks * columns_per_block + place;
  const Index begin = part % pass.chunks * pass.chunk;
  const Index end = begin + pass.chunk < pass.count ? begin + pass.chunk : pass.count;
  const In* const x = pass.x + part / pass.chunks * pass.count * pass.inner + column;

  Accumulator result = Op::initial;
  if (column < pass.inner)
    for (Index i = begin + lane; i < end; i += lanes_per_column)
      result = op(result, static_cast<Accumulator>(x[i * pass.inner]));
  partial[lane][place] = result;
  __syncthreads();
  if (lane != 0 || column >= pass.inner) return;
  for (int other = 1; other < lanes_per_column; ++other) result = op(result, partial[other][place]);
  pass.y[part * pass.inner + column] = static_cast<Out>(result);
}

template <class In, class Out, class Op>
void run(Context& context, const Pass<In, Out>& pass, Op op) {
  const Index parts = pass.outer * pass.chunks;
  if (pass.inner == 1) {
    with_group(static_cast<std::size_t>(pass.chunk), [&](auto group) {
      using Group = decltype(group);
      const Launch launch(context, grid_for_rows<Group>(static_cast<std::size_t>(parts)), block_threads);
      launch(reduce_rows<Group, In, Out, Op>, pass, op);
    });
  } else {
    const Index blocks = parts * ceil_div(pass.inner, columns_per_block);
    Launch(context, dim3(static_cast<unsigned>(blocks)), block_threads)(reduce_columns<In, Out, Op>, pass,
                                                                        op);
  }
}

// Into how many chunks the middle axis is cut: enough for all processors to have work, by shape alone so that
// the bits do not depend on the device.
Index chunk_count(Index outer, Index count, Index inner) {
  constexpr Index enough_blocks = 512;
  const Index shortest = inner == 1 ? 4096 : 128;
  const Index blocks = inner == 1 ? outer : outer * ceil_div(inner, columns_per_block);
  return std::clamp<Index>(ceil_div(enough_blocks, blocks), 1, ceil_div(std::max<Index>(count, 1), shortest));
}

template <class T, class Op>
void reduce_by(Context& context, const T* x, Index outer, Index count, Index inner, Op op, T* y) {
  using Accumulator = typename Op::Accumulator;
  const Index chunks = chunk_count(outer, count, inner);
  if (chunks == 1) return run(context, Pass<T, T>{x, outer, count, inner, count, 1, y}, op);
  const Index chunk = ceil_div(count, chunks);
  Array parts = Array::empty({static_cast<std::size_t>(outer * chunks * inner)}, dtype_of<Accumulator>,
                             Device::cuda(context.device()));
  Accumulator* const between = parts.data<Accumulator>();
  run(context, Pass<T, Accumulator>{x, outer, count, inner, chunk, chunks, between}, op);
  run(context, Pass<Accumulator, T>{between, outer, chunks, inner, chunks, 1, y}, op);
}

template <class T>
void repeat(Context& context, const T* x, Index outer, Index times, Index inner, T* y) {
  const auto count = static_cast<std::size_t>(outer * times * inner);
  for_each(context, count, [=] __device__(Index i) { y[i] = x[i / (times * inner) * inner + i % inner]; });
}

Array reduce_to(Reduction reduction, const Array& array, const Shape& shape) {
  return reduce_runs(
      array, shape, [&](const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y) {
        visit_floating(x.dtype(), [&](auto zero) {
          using T = decltype(zero);
          reduce_middle(Context::of(x), reduction, x.data<T>(), outer, count, inner, y.data<T>());
        });
      });
}

}  // namespace

template <class T>
void reduce_middle(Context& context, Reduction reduction, const T* x, std::size_t outer, std::size_t count,
                   std::size_t inner, T* y) {
  if (outer == 0 || inner == 0) return;
  const auto run = [&](auto op) {
    reduce_by(context, x, static_cast<Index>(outer), static_cast<Index>(count), static_cast<Index>(inner), op,
              y);
  };
  switch (reduction) {
    case Reduction::sum:
      return run(Sum());
    case Reduction::max:
      return run(Max<T>());
    case Reduction::min:
      return run(Min<T>());
  }
}

template void reduce_middle(Context&, Reduction, const float*, std::size_t, std::size_t, std::size_t, float*);
template void reduce_middle(Context&, Reduction, const double*, std::size_t, std::size_t, std::size_t,
                            double*);

Array sum_to(const Array& x, const Shape& shape) { return reduce_to(Reduction::sum, x, shape); }

Array max_to(const Array& x, const Shape& shape) { return reduce_to(Reduction::max, x, shape); }

Array min_to(const Array& x, const Shape& shape) { return reduce_to(Reduction::min, x, shape); }

Array broadcast_to(const Array& array, const Shape& shape) {
  return broadcast_runs(
      array, shape, [&](const Array& x, std::size_t outer, std::size_t times, std::size_t inner, Array& y) {
        visit(x.dtype(), [&](auto zero) {
          using T = decltype(zero);
          repeat(Context::of(x), x.data<T>(), static_cast<Index>(outer), static_cast<Index>(times),
                 static_cast<Index>(inner), y.data<T>());
        });
      });
}

}  // namespace tenbin::gpu
