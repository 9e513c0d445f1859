// for_each_line and map_lines: kernels with lanes of a warp, or a block, for each line (core/lines.h). For
// .cu files.
#pragma once

#include "tenbin/core/lines.h"
#include "tenbin/cuda/group.cuh"

namespace tenbin::gpu {

namespace detail {

// The number of blocks on a processor at once. Without it, the compiler spills registers of double
// exponentials to make room for more blocks.
constexpr int blocks_per_processor = 4;

template <class Group, class F, class T, class... Inputs>
__global__ void __launch_bounds__(block_threads, blocks_per_processor)
    map_lines_kernel(Lines lines, F f, T* y, const Inputs*... xs) {
  const auto line = static_cast<std::size_t>(Group::line());
  if (line >= lines.count()) return;
  const std::size_t start = lines.start(line);
  f(Group(), y + start, (xs + start)..., static_cast<Index>(lines.length), static_cast<Index>(lines.inner));
}

// 1 resident block is enough: otherwise the compiler spills rather than use more than 64 registers.
template <class Group, class F>
__global__ void __launch_bounds__(block_threads, 1) for_each_line_kernel(Index count, F f) {
  const Index line = Group::line();
  if (line < count) f(Group(), line);
}

}  // namespace detail

/// The line length for `with_group`. If lines are interleaved, each thread takes a line of its own, so that
/// neighbouring threads read neighbouring elements.
inline std::size_t line_length(const Lines& lines) {
  constexpr std::size_t warp = 32;
  return lines.inner < warp ? lines.length : 1;
}

/// Calls `f(group, line)` for every line, in all threads of its group. `length`, about the length of a line,
/// decides the number of threads.
///
///     gpu::for_each_line(context, count, length, [=] __device__(auto group, gpu::Index line) {
///       double sum = 0;
///       for (gpu::Index c = group.rank(); c < length; c += group.width) sum += x[line * length + c];
///       sum = group.reduce(sum, gpu::Plus());
///       if (group.rank() == 0) y[line] = sum;
///     });
template <class F>
void for_each_line(Context& context, std::size_t count, std::size_t length, F f) {
  if (count == 0) return;
  with_group(length, [&](auto group) {
    using Group = decltype(group);
    const Launch launch(context, grid_for_lines<Group>(count), block_threads);
    launch(detail::for_each_line_kernel<Group, F>, static_cast<Index>(count), f);
  });
}

/// The counterpart of `cpu::map_lines`: calls `f(group, y, xs..., length, stride)` in all threads of the
/// group that a line has, with pointers to the first element of the line in the new array and in the arrays,
/// all of one shape and one floating dtype.
///
///     const auto halve = [] __device__(auto group, auto* y, const auto* x, Index length, Index stride) {
///       for (Index j = group.rank(); j < length; j += group.width) y[j * stride] = x[j * stride] / 2;
///     };
///     Array y = gpu::map_lines(halve, lines, x);
template <class F, class... Rest>
Array map_lines(F f, const Lines& lines, const Array& first, const Rest&... rest) {
  Array y = Array::empty_like(first);
  if (y.size() == 0) return y;
  const auto run = [&](auto* out, const auto*... in) {
    with_group(line_length(lines), [&](auto group) {
      using Group = decltype(group);
      using T = std::remove_pointer_t<decltype(out)>;
      const Launch launch(Context::of(first), grid_for_lines<Group>(lines.count()), block_threads);
      launch(detail::map_lines_kernel<Group, F, T, std::remove_cv_t<std::remove_pointer_t<decltype(in)>>...>,
             lines, f, out, in...);
    });
  };
  if (first.dtype() == Dtype::float32) {
    run(y.data<float>(), first.template data<float>(), rest.template data<float>()...);
  } else {
    run(y.data<double>(), first.template data<double>(), rest.template data<double>()...);
  }
  return y;
}

}  // namespace tenbin::gpu
