// The lines of an array along one of its axes, for functions that work along an axis.
#pragma once

#include <cstddef>

#include "tenbin/core/shape.h"

namespace tenbin {

/// A shape viewed as (outer, length, inner) around one axis: element (i, j, k) has index (i * length + j) *
/// inner + k. A line is the elements of all j; its stride is `inner`.
struct Lines {
  std::size_t outer = 1;
  std::size_t length = 1;
  std::size_t inner = 1;

  constexpr std::size_t count() const { return outer * inner; }
  /// The index of the first element of line i * inner + k.
  constexpr std::size_t start(std::size_t line) const {
    if (inner == 1) return line * length;  // avoids the slow division
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

}  // namespace tenbin
