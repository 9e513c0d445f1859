// An array as the lines along one of its axes: what functions that work along an axis loop over.
#pragma once

#include "tenbin/core/array.h"

namespace tenbin {

/// A shape seen from one axis: element (i, j, k) of (outer, length, inner) is at
/// (i * length + j) * inner + k. A line is what j runs along; its elements are `inner` apart.
struct Lines {
  std::size_t outer = 1;
  std::size_t length = 1;
  std::size_t inner = 1;

  constexpr std::size_t count() const { return outer * inner; }
  /// Where line number i * inner + k begins.
  constexpr std::size_t start(std::size_t line) const {
    if (inner == 1) return line * length;  // without the division, which would cost more than the rest
    return line / inner * length * inner + line % inner;
  }
};

/// Precondition: `axis` is below the number of axes (`require_axis`).
inline Lines lines_along(const Shape& shape, std::size_t axis) {
  Lines lines;
  for (std::size_t i = 0; i < axis; ++i) lines.outer *= shape[i];
  lines.length = shape[axis];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) lines.inner *= shape[i];
  return lines;
}

namespace cpu {

/// The counterpart of `cpu::map` for formulas that need a whole line: calls `f(y, xs..., length, stride)`
/// with pointers to the first element of every line of the new array and of the arrays, all of one shape and
/// one floating dtype.
///
///     cpu::map_lines([](auto* y, const auto* x, std::size_t length, std::size_t stride) { ... }, lines, x)
template <class F, class... Rest>
Array map_lines(F f, const Lines& lines, const Array& first, const Rest&... rest) {
  Array out = Array::empty_like(first);
  visit_floating(first.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto loop = [&lines, &f](T* y, const auto*... xs) {
      for (std::size_t i = 0; i < lines.outer; ++i) {
        for (std::size_t k = 0; k < lines.inner; ++k) {
          const std::size_t start = i * lines.length * lines.inner + k;
          f(y + start, xs + start..., lines.length, lines.inner);
        }
      }
    };
    loop(out.data<T>(), first.template data<T>(), rest.template data<T>()...);
  });
  return out;
}

}  // namespace cpu

}  // namespace tenbin
