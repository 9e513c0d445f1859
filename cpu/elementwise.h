// The CPU's counterpart of gpu::map: a formula applied element by element.
#pragma once

#include "tenbin/core/array.h"
#include "tenbin/cpu/level.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::detail {

// Calls `loop(n, y, xs...)` with parts of the arrays, on several threads if they are long.
template <class T, class Loop, class... Xs>
void loop_over(const Loop& loop, std::size_t size, T* y, const Xs*... xs) {
  constexpr std::size_t worthwhile = std::size_t{1} << 17;
  parallel_ranges(size, worthwhile, [&](std::size_t begin, std::size_t end) {
    cpu::at_level(loop, end - begin, y + begin, xs + begin...);
  });
}

}  // namespace tenbin::detail

namespace tenbin::cpu {

/// `f` of every element of arrays of one shape and one floating dtype, as a new array. A plain loop over
/// pointers: it costs what the formula costs, and the compiler vectorises it; on several threads if it is
/// long. For shapes that broadcast, `cpu::broadcast_to` first (cpu/reduce.h).
///
///     cpu::map([](auto x, auto gy) { return gy * x; }, x, gy)
template <class F, class... Rest>
Array map(F f, const Array& first, const Rest&... rest) {
  Array out = Array::empty(first.shape(), first.dtype());
  visit_floating(first.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto loop = [f](std::size_t n, T* __restrict y, const auto* __restrict... xs) {
      const F formula = f;  // otherwise its constants would be read from memory again after each store
      for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(formula(xs[i]...));
    };
    tenbin::detail::loop_over(loop, out.size(), out.data<T>(), first.template data<T>(),
                              rest.template data<T>()...);
  });
  return out;
}

/// `f(before..., last)` of every element, in the memory of `last` if no other array shares it: for gradients,
/// whose gy is not needed afterwards.
///
///     cpu::map_last([](auto y, auto gy) { return y > 0 ? gy : 0 * gy; }, gys[0], y)
template <class F, class... Before>
Array map_last(F f, const Array& last, const Before&... before) {
  if (!last.owns_buffer()) return map(f, before..., last);
  Array out = last;
  visit_floating(last.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto loop = [f](std::size_t n, T* __restrict y, const auto* __restrict... xs) {
      const F formula = f;  // as in map
      for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<T>(formula(xs[i]..., y[i]));
    };
    tenbin::detail::loop_over(loop, out.size(), out.data<T>(), before.template data<T>()...);
  });
  return out;
}

}  // namespace tenbin::cpu
