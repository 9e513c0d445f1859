// map_lines: applies a formula to every line along an axis (core/lines.h), on the CPU.
#pragma once

#include <type_traits>

#include "tenbin/core/array.h"
#include "tenbin/core/lines.h"
#include "tenbin/cpu/level.h"

namespace tenbin::cpu {

/// Like `map` (cpu/elementwise.h), for formulas of a whole line: calls `f(y, xs..., length, stride)` for
/// every line, with pointers to its first element in the new array and in the arrays, all of one shape and
/// one floating dtype. `stride` is a std::integral_constant where it is 1.
///
///     cpu::map_lines([](auto* y, const auto* x, std::size_t length, auto stride) { ... }, lines, x)
template <class F, class... Rest>
Array map_lines(F f, const Lines& lines, const Array& first, const Rest&... rest) {
  Array out = Array::empty_like(first);
  visit_floating(first.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto loop = [&lines, &f](T* y, const auto*... xs) {
      if (lines.inner == 1) {
        for (std::size_t i = 0; i < lines.outer; ++i) {
          const std::size_t start = i * lines.length;
          f(y + start, xs + start..., lines.length, std::integral_constant<std::size_t, 1>());
        }
        return;
      }
      for (std::size_t i = 0; i < lines.outer; ++i) {
        for (std::size_t k = 0; k < lines.inner; ++k) {
          const std::size_t start = i * lines.length * lines.inner + k;
          f(y + start, xs + start..., lines.length, lines.inner);
        }
      }
    };
    at_level(loop, out.data<T>(), first.template data<T>(), rest.template data<T>()...);
  });
  return out;
}

}  // namespace tenbin::cpu
