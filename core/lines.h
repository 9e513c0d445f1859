// The lines of an array along one of its axes, and views with strides: the arguments of functions that work
// along an axis or move elements.
#pragma once

#include <cstddef>

#include "tenbin/core/shape.h"
#include "tenbin/core/small_vector.h"

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

/// Elements at regular distances in an array: element (i, j, ...) is element `offset + i * strides[0] + j *
/// strides[1] + ...` of it. Strides may be negative or 0. Without axes it is one element.
struct View {
  std::size_t offset = 0;
  Shape lengths;
  SmallVector<std::ptrdiff_t, Shape::max_ndim> strides;

  void push_back(std::size_t length, std::ptrdiff_t stride) {
    lengths.push_back(length);
    strides.push_back(stride);
  }
  /// Whether the elements are adjacent, in row-major order.
  bool is_contiguous() const {
    std::size_t expected = 1;
    for (std::size_t axis = lengths.size(); axis-- > 0; expected *= lengths[axis])
      if (lengths[axis] != 1 && strides[axis] != static_cast<std::ptrdiff_t>(expected)) return false;
    return true;
  }
};

/// The distance of two entries of each axis of an array in row-major order.
inline Shape strides_of(const Shape& shape) {
  Shape strides = shape;
  std::size_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  return strides;
}

}  // namespace tenbin
