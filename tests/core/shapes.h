// Shapes of every kind, and indices of their elements, for tests of functions along axes.
#pragma once

#include <utility>
#include <vector>

#include "tenbin/core/shape.h"

namespace tenbin::testing {

inline const std::vector<Shape> shapes_of_lines = {
    {1}, {5}, {3, 4}, {4, 1}, {1, 7}, {2, 3, 5}, {2, 1, 3}, {3, 2, 2}, {2, 2, 1, 3, 2}, {13, 129}};

inline std::size_t position_of(const Shape& index, const Shape& shape) {
  std::size_t position = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) position = position * shape[axis] + index[axis];
  return position;
}

/// Pairs in which the first broadcasts to the second.
inline const std::vector<std::pair<Shape, Shape>> broadcast_pairs = {
    {{}, {}},
    {{}, {3}},
    {{}, {2, 3, 5}},
    {{1}, {7}},
    {{5}, {3, 5}},
    {{3, 1}, {3, 5}},
    {{1, 5}, {3, 5}},
    {{1, 1}, {3, 5}},
    {{2, 1, 5}, {2, 3, 5}},
    {{1, 3, 1}, {2, 3, 5}},
    {{3, 1, 1}, {2, 3, 1, 4}},
    {{1, 2, 1, 2, 1}, {3, 2, 1, 2, 3}},
    {{1, 1, 1, 1, 1, 1, 1, 1}, {2, 1, 2, 1, 2, 1, 2, 1}},
    {{1}, {3000}},          // rows are cut into halves and lanes
    {{1, 129}, {67, 129}},  // columns in blocks of 64, and a remainder
    {{67, 1}, {67, 1031}},
};

/// The index in an array of shape `small` of the element that broadcasting repeats at `position` of `large`.
inline std::size_t origin(std::size_t position, const Shape& small, const Shape& large) {
  const Shape index = unravel_index(position, large);
  std::size_t from = 0;
  for (std::size_t axis = 0; axis < small.size(); ++axis)
    from = from * small[axis] + (small[axis] == 1 ? 0 : index[large.size() - small.size() + axis]);
  return from;
}

}  // namespace tenbin::testing
