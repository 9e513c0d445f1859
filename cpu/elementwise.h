// The CPU's counterpart of gpu::map: a formula applied element by element.
#pragma once

#include "tenbin/core/array.h"
#include "tenbin/cpu/level.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::cpu {

/// `f` of every element of arrays of one shape and one floating dtype, as a new array. A plain loop over
/// pointers: it costs what the formula costs, and the compiler vectorises it; on several threads if it is
/// long. For shapes that broadcast, `cpu::broadcast_to` first (cpu/reduce.h).
///
///     cpu::map([](auto x, auto gy) { return gy * x; }, x, gy)
template <class F, class... Rest>
Array map(F f, const Array& first, const Rest&... rest) {
  constexpr std::size_t worthwhile = std::size_t{1} << 17;
  Array out = Array::empty(first.shape(), first.dtype());
  visit_floating(first.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto loop = [f](std::size_t n, T* __restrict y, const auto* __restrict... xs) {
      for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(f(xs[i]...));
    };
    const auto loop_over = [&, y = out.data<T>()](const auto*... xs) {
      parallel_ranges(out.size(), worthwhile, [&](std::size_t begin, std::size_t end) {
        at_level(loop, end - begin, y + begin, xs + begin...);
      });
    };
    loop_over(first.template data<T>(), rest.template data<T>()...);
  });
  return out;
}

}  // namespace tenbin::cpu
