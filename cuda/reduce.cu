#include "tenbin/cuda/reduce.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "tenbin/core/broadcast.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

namespace {

// Operations: the accumulator becomes a result by `finish`.

struct Sum {
  using Accumulator = double;
  static constexpr double initial = 0;
  __device__ double operator()(double a, double b) const { return a + b; }
  __device__ double finish(double sum) const { return sum; }
};

struct Mean : Sum {
  double divisor;
  explicit Mean(double count) : divisor(count) {}
  __device__ double finish(double sum) const { return sum / divisor; }
};

template <class T>
struct Max {
  using Accumulator = T;
  static constexpr T initial = -std::numeric_limits<T>::infinity();
  __device__ T operator()(T a, T b) const { return b > a || b != b ? b : a; }
  __device__ T finish(T result) const { return result; }
};

template <class T>
struct Min {
  using Accumulator = T;
  static constexpr T initial = std::numeric_limits<T>::infinity();
  __device__ T operator()(T a, T b) const { return b < a || b != b ? b : a; }
  __device__ T finish(T result) const { return result; }
};

// One pass: x (outer, count, inner) becomes y (outer, chunks, inner), each from `chunk` elements.
template <class In, class Out>
struct Pass {
  const In* x;
  Index outer, count, inner;
  Index chunk, chunks;
  Out* y;
};

// inner is 1: one group per chunk of a line.
template <class Group, class In, class Out, class Op>
__global__ void __launch_bounds__(block_threads) reduce_lines(Pass<In, Out> pass, Op op) {
  const Index part = Group::line();
  if (part >= pass.outer * pass.chunks) return;
  const Index begin = part % pass.chunks * pass.chunk;
  const Index end = begin + pass.chunk < pass.count ? begin + pass.chunk : pass.count;
  const In* const line = pass.x + part / pass.chunks * pass.count;
  auto result = Op::initial;
  for (Index i = begin + Group::rank(); i < end; i += Group::width)
    result = op(result, static_cast<typename Op::Accumulator>(line[i]));
  result = Group::reduce(result, op);
  if (Group::rank() == 0) pass.y[part] = static_cast<Out>(op.finish(result));
}

// One block per chunk of some columns: neighbouring threads read neighbouring columns, and lane i takes rows
// i, i + lanes, i + 2 lanes, ...
template <int Columns>
constexpr int lanes_per_column = block_threads / Columns;

template <int Columns, class In, class Out, class Op>
__global__ void __launch_bounds__(block_threads) reduce_columns(Pass<In, Out> pass, Op op) {
  using Accumulator = typename Op::Accumulator;
  constexpr int lanes = lanes_per_column<Columns>;
  __shared__ Accumulator partial[lanes][Columns];
  const Index column_blocks = (pass.inner + Columns - 1) / Columns;
  const Index part = static_cast<Index>(blockIdx.x) / column_blocks;
  const int lane = static_cast<int>(threadIdx.x) / Columns;
  const int column_in_block = static_cast<int>(threadIdx.x) % Columns;
  const Index column = static_cast<Index>(blockIdx.x) % column_blocks * Columns + column_in_block;
  const Index begin = part % pass.chunks * pass.chunk;
  const Index end = begin + pass.chunk < pass.count ? begin + pass.chunk : pass.count;
  const In* const x = pass.x + part / pass.chunks * pass.count * pass.inner + column;

  Accumulator result = Op::initial;
  if (column < pass.inner)
    for (Index i = begin + lane; i < end; i += lanes)
      result = op(result, static_cast<Accumulator>(x[i * pass.inner]));
  partial[lane][column_in_block] = result;
  for (int half = lanes / 2; half > 0; half /= 2) {
    __syncthreads();
    if (lane < half)
      partial[lane][column_in_block] =
          op(partial[lane][column_in_block], partial[lane + half][column_in_block]);
  }
  if (lane == 0 && column < pass.inner)
    pass.y[part * pass.inner + column] = static_cast<Out>(op.finish(partial[0][column_in_block]));
}

// One thread per result.
template <class In, class Out, class Op>
void reduce_many(Context& context, const Pass<In, Out>& pass, Op op) {
  for_each(context, static_cast<std::size_t>(pass.outer * pass.inner), [=] __device__(Index i) {
    const In* const x = pass.x + i / pass.inner * pass.count * pass.inner + i % pass.inner;
    auto result = Op::initial;
    for (Index j = 0; j < pass.count; ++j)
      result = op(result, static_cast<typename Op::Accumulator>(x[j * pass.inner]));
    pass.y[i] = static_cast<Out>(op.finish(result));
  });
}

// With few columns, each gets more lanes.
constexpr Index few_columns = 4;
constexpr Index many_columns = 32;
Index columns_per_block(Index inner) { return inner <= few_columns ? few_columns : many_columns; }

constexpr Index few_lines = 128;
// With this many results, one thread per result keeps all processors busy.
constexpr Index many_results = Index{1} << 16;

template <class In, class Out, class Op>
void run(Context& context, const Pass<In, Out>& pass, Op op) {
  const Index parts = pass.outer * pass.chunks;
  if (pass.inner == 1) {
    const auto launch_lines = [&](auto group) {
      using Group = decltype(group);
      const Launch launch(context, grid_for_lines<Group>(static_cast<std::size_t>(parts)), block_threads);
      launch(reduce_lines<Group, In, Out, Op>, pass, op);
    };
    // If there are few lines, more threads per line are faster.
    if (parts <= few_lines && pass.chunk > block_threads) return launch_lines(Block<>());
    return with_group(static_cast<std::size_t>(pass.chunk), launch_lines);
  }
  if (pass.chunks == 1 && pass.outer * pass.inner >= many_results) return reduce_many(context, pass, op);
  const Index blocks = parts * ceil_div(pass.inner, columns_per_block(pass.inner));
  const Launch launch(context, dim3(static_cast<unsigned>(blocks)), block_threads);
  if (pass.inner <= few_columns) {
    launch(reduce_columns<few_columns, In, Out, Op>, pass, op);
  } else {
    launch(reduce_columns<many_columns, In, Out, Op>, pass, op);
  }
}

// Into how many chunks the middle axis is cut: enough for all processors to have work, by shape alone so that
// the bits do not depend on the device.
Index chunk_count(Index outer, Index count, Index inner) {
  constexpr Index enough_blocks = 512;
  const Index columns = columns_per_block(inner);
  const Index shortest = inner == 1 ? 4096 : 32 * block_threads / columns;
  const Index blocks = inner == 1 ? outer : outer * ceil_div(inner, columns);
  return std::clamp<Index>(ceil_div(enough_blocks, blocks), 1, ceil_div(std::max<Index>(count, 1), shortest));
}

// Reduces each chunk by `op`, then the results of the chunks by `last_op`, which combines in the same way.
template <class T, class Out, class Op, class LastOp>
void reduce_by(Context& context, const T* x, Index outer, Index count, Index inner, Op op, LastOp last_op,
               Out* y) {
  using Accumulator = typename Op::Accumulator;
  const Index chunks = chunk_count(outer, count, inner);
  if (chunks == 1) return run(context, Pass<T, Out>{x, outer, count, inner, count, 1, y}, last_op);
  const Index chunk = ceil_div(count, chunks);
  Array parts = Array::empty({static_cast<std::size_t>(outer * chunks * inner)}, dtype_of<Accumulator>,
                             Device::cuda(context.device()));
  Accumulator* const between = parts.data<Accumulator>();
  run(context, Pass<T, Accumulator>{x, outer, count, inner, chunk, chunks, between}, op);
  run(context, Pass<Accumulator, Out>{between, outer, chunks, inner, chunks, 1, y}, last_op);
}

// Size has 32 bits where possible: integer divisions take most of the time.
template <class Size, class T>
void repeat(Context& context, const T* x, std::size_t count, Size times, Size inner, T* y) {
  for_each(context, count, [=] __device__(Index i) {
    const Size at = static_cast<Size>(i);
    y[i] = x[at / (times * inner) * inner + at % inner];
  });
}

enum class Reduction : unsigned char { sum, max, min };

void reduce_middle(Reduction reduction, const Array& x, std::size_t outer, std::size_t count,
                   std::size_t inner, Array& y) {
  if (outer == 0 || inner == 0) return;
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto run = [&](auto op) {
      reduce_by(Context::of(x), x.data<T>(), static_cast<Index>(outer), static_cast<Index>(count),
                static_cast<Index>(inner), op, op, y.data<T>());
    };
    switch (reduction) {
      case Reduction::sum:
        return run(Sum());
      case Reduction::max:
        return run(Max<T>());
      case Reduction::min:
        return run(Min<T>());
    }
  });
}

Array reduce_to(Reduction reduction, const Array& array, const Shape& shape) {
  return reduce_axes(array, shape,
                     [&](const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y) {
                       reduce_middle(reduction, x, outer, count, inner, y);
                     });
}

}  // namespace

void sum_middle(const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y) {
  reduce_middle(Reduction::sum, x, outer, count, inner, y);
}

void repeat_middle(const Array& x, std::size_t outer, std::size_t times, std::size_t inner, Array& y) {
  visit(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::size_t count = outer * times * inner;
    if (count <= std::numeric_limits<std::uint32_t>::max()) {
      repeat(Context::of(x), x.data<T>(), count, static_cast<std::uint32_t>(times),
             static_cast<std::uint32_t>(inner), y.data<T>());
    } else {
      repeat(Context::of(x), x.data<T>(), count, times, inner, y.data<T>());
    }
  });
}

Array sum_to(const Array& x, const Shape& shape) { return reduce_to(Reduction::sum, x, shape); }

Array max_to(const Array& x, const Shape& shape) { return reduce_to(Reduction::max, x, shape); }

Array min_to(const Array& x, const Shape& shape) { return reduce_to(Reduction::min, x, shape); }

Array mean_to(const Array& array, const Shape& shape) {
  const auto reduce = [](const Array& x, std::size_t outer, std::size_t count, std::size_t inner,
                         double divisor, Array& y) {
    if (outer == 0 || inner == 0) return;
    visit_floating(x.dtype(), [&](auto zero) {
      visit_floating(y.dtype(), [&](auto result_zero) {
        reduce_by(Context::of(x), x.data<decltype(zero)>(), static_cast<Index>(outer),
                  static_cast<Index>(count), static_cast<Index>(inner), Sum(), Mean(divisor),
                  y.data<decltype(result_zero)>());
      });
    });
  };
  return mean_axes(array, shape, reduce);
}

Array broadcast_to(const Array& array, const Shape& shape) {
  return broadcast_axes(array, shape, repeat_middle);
}

}  // namespace tenbin::gpu
