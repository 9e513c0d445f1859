// An array as the lines along one of its axes: what functions that work along an axis loop over.
#pragma once

#include <cstddef>

#include "tenbin/core/shape.h"

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

}  // namespace tenbin
