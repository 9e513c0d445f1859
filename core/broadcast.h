// NumPy broadcasting of arrays, and its inverse: reducing an array back to a smaller shape.
#pragma once

#include <functional>
#include <optional>

#include "tenbin/core/array.h"

namespace tenbin {

class Function;

/// The shape that a and b broadcast to, by NumPy's rule: axes are matched from the last one, and a length of
/// 1 fits any. None if they do not.
std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b);

/// The same of the shapes of two arguments. Errors: `add: a and b do not broadcast: float32(3) and
/// float32(4)`.
Shape require_broadcast(const Function& function, const char* argument, const Array& a,
                        const char* other_argument, const Array& b);

/// Whether an array of shape `from` can be broadcast to `to`.
bool can_broadcast_to(const Shape& from, const Shape& to);

/// How both devices reduce and repeat: axis by axis, adjacent ones that go together at once.
/// `reduce(x, outer, count, inner, y)` reduces the middle axis of x, seen as (outer, count, inner), to y;
/// `repeat(x, outer, times, inner, y)` is the inverse. x itself if that is its shape already.
using RunFunction =
    std::function<void(const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y)>;
Array reduce_runs(const Array& x, const Shape& shape, const RunFunction& reduce);
/// With `between`, the dtype of what lies between two runs of axes, `reduce` is also told whether a run is
/// the last one, whose y has x's dtype.
using LastRunFunction = std::function<void(const Array& x, std::size_t outer, std::size_t count,
                                           std::size_t inner, bool last, Array& y)>;
Array reduce_runs(const Array& x, const Shape& shape, Dtype between, const LastRunFunction& reduce);
Array broadcast_runs(const Array& x, const Shape& shape, const RunFunction& repeat);

namespace cpu {

/// The sums along the middle axis of x, seen as (outer, count, inner), in memory that is there already: y is
/// (outer, inner). Every sum over rows is one of these: taken in float64 for both dtypes, and rounded once.
///
///     cpu::sum_middle(gy, 1, rows, columns, gb);  // the sums of the columns
template <class T>
void sum_middle(const T* x, std::size_t outer, std::size_t count, std::size_t inner, T* y);

/// The array repeated to `shape`; itself if that is its shape. The caller has checked that it can be.
Array broadcast_to(const Array& array, const Shape& shape);

/// Reduces x to `shape`, which could be broadcast to x's: the sum, the maximum or the minimum of the elements
/// that broadcasting would have made from one. x itself if that is its shape. `sum_to` turns the gradient of
/// a broadcast array into that of the array.
///
/// Floating dtypes only. The order is fixed by the shapes. Sums are taken in float64 for both dtypes, which
/// for float32 means one rounding at the end (for each of the groups of adjacent axes that go); along the
/// last axis they are also pairwise. The maximum and the minimum of elements with a NaN are NaN, and those of
/// none are -inf and inf.
Array sum_to(const Array& x, const Shape& shape);
Array max_to(const Array& x, const Shape& shape);
Array min_to(const Array& x, const Shape& shape);

/// The mean instead: the sum in float64, divided by the number of elements that a result is made of, rounded
/// once. Finite wherever all of the elements are, whatever they add up to. The mean of none is NaN.
Array mean_to(const Array& x, const Shape& shape);

}  // namespace cpu

}  // namespace tenbin
