#include "tenbin/core/broadcast.h"

#include <algorithm>
#include <utility>

#include "tenbin/core/function.h"

namespace tenbin {

namespace {

// Prepends axes of length 1, up to `ndim` axes.
Shape pad(const Shape& shape, std::size_t ndim) {
  Shape padded;
  while (padded.size() + shape.size() < ndim) padded.push_back(1);
  for (const std::size_t length : shape) padded.push_back(length);
  return padded;
}

std::size_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  std::size_t count = 1;
  for (std::size_t axis = begin; axis < end; ++axis) count *= shape[axis];
  return count;
}

// Calls `f(begin, end)` for each run of adjacent axes of length 1 in `small` and another length in `large`,
// from the last run to the first. An axis of length 1 in both does not end a run.
template <class F>
void for_each_run(const Shape& small, const Shape& large, F f) {
  for (std::size_t end = large.size(); end > 0;) {
    if (small[end - 1] == large[end - 1]) {
      --end;
      continue;
    }
    std::size_t begin = end - 1;
    while (begin > 0 && small[begin - 1] == 1) --begin;
    f(begin, end);
    end = begin;
  }
}

}  // namespace

bool can_broadcast_to(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  const Shape padded = pad(from, to.size());
  for (std::size_t axis = 0; axis < to.size(); ++axis)
    if (padded[axis] != 1 && padded[axis] != to[axis]) return false;
  return true;
}

std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b) {
  if (a == b) return a;
  const std::size_t ndim = std::max(a.size(), b.size());
  Shape shape = pad(a, ndim);
  const Shape other = pad(b, ndim);
  for (std::size_t axis = 0; axis < ndim; ++axis) {
    if (shape[axis] == 1) {
      shape[axis] = other[axis];
    } else if (other[axis] != 1 && other[axis] != shape[axis]) {
      return std::nullopt;
    }
  }
  return shape;
}

Shape require_broadcast(const Function& function, const char* argument, const Array& a,
                        const char* other_argument, const Array& b) {
  const std::optional<Shape> shape = broadcast_shape(a.shape(), b.shape());
  if (!shape)
    throw Error(function.name(), ": ", argument, " and ", other_argument, " do not broadcast: ", a, " and ",
                b);
  return *shape;
}

namespace {

// Intermediate results have the dtype `between`. `last` is true in the last call, in which y has x's dtype.
template <class Reduce>
Array reduce_by_runs(const Array& array, const Shape& shape, Dtype between, Reduce reduce) {
  if (array.shape() == shape) return array;
  if (element_count(shape) == 0) return Array::empty(shape, array.dtype(), array.device());
  const Shape large = array.shape();
  const Shape small = pad(shape, large.size());
  std::size_t left = 0;
  for_each_run(small, large, [&](std::size_t, std::size_t) { ++left; });
  Array x = array;
  for_each_run(small, large, [&](std::size_t begin, std::size_t end) {
    Shape reduced = x.shape();
    for (std::size_t axis = begin; axis < end; ++axis) reduced[axis] = 1;
    const bool last = --left == 0;
    Array y = Array::empty(reduced, last ? array.dtype() : between, x.device());
    reduce(x, product(large, 0, begin), product(large, begin, end), product(small, end, small.size()), last,
           y);
    x = std::move(y);
  });
  return x.reshape(shape);
}

}  // namespace

Array reduce_axes(const Array& array, const Shape& shape, const AxesFunction& reduce) {
  return reduce_by_runs(array, shape, array.dtype(),
                        [&](const Array& x, std::size_t outer, std::size_t count, std::size_t inner, bool,
                            Array& y) { reduce(x, outer, count, inner, y); });
}

Array mean_axes(const Array& array, const Shape& shape, const MeanFunction& reduce) {
  const double divisor =
      static_cast<double>(array.size()) / static_cast<double>(std::max<std::size_t>(element_count(shape), 1));
  return reduce_by_runs(array, shape, Dtype::float64,
                        [&](const Array& x, std::size_t outer, std::size_t count, std::size_t inner,
                            bool last, Array& y) { reduce(x, outer, count, inner, last ? divisor : 1, y); });
}

Array broadcast_axes(const Array& array, const Shape& shape, const AxesFunction& repeat) {
  if (array.shape() == shape) return array;
  if (element_count(shape) == 0) return Array::empty(shape, array.dtype(), array.device());
  const Shape small = pad(array.shape(), shape.size());
  Array x = array.reshape(small);
  for_each_run(small, shape, [&](std::size_t begin, std::size_t end) {
    Shape repeated = x.shape();
    for (std::size_t axis = begin; axis < end; ++axis) repeated[axis] = shape[axis];
    Array y = Array::empty(repeated, x.dtype(), x.device());
    repeat(x, product(small, 0, begin), product(shape, begin, end), product(shape, end, shape.size()), y);
    x = std::move(y);
  });
  return x;
}

}  // namespace tenbin
