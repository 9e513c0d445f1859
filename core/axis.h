// An array as the lines along one of its axes: what functions that work along an axis loop over.
#pragma once

#include "tenbin/core/shape.h"

namespace tenbin {

/// A shape seen from one axis: element (i, j, k) of (outer, length, inner) is at
/// (i * length + j) * inner + k. A line is what j runs along; its elements are `inner` apart.
struct Lines {
  std::size_t outer = 1;
  std::size_t length = 1;
  std::size_t inner = 1;
};

/// Precondition: `axis` is below the number of axes (`require_axis`).
inline Lines lines_along(const Shape& shape, std::size_t axis) {
  Lines lines;
  for (std::size_t i = 0; i < axis; ++i) lines.outer *= shape[i];
  lines.length = shape[axis];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) lines.inner *= shape[i];
  return lines;
}

/// Calls `f(start)` with the offset of every line's first element.
template <class F>
void for_each_line(const Lines& lines, F f) {
  for (std::size_t i = 0; i < lines.outer; ++i)
    for (std::size_t k = 0; k < lines.inner; ++k) f(i * lines.length * lines.inner + k);
}

}  // namespace tenbin
