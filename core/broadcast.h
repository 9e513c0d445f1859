// NumPy broadcasting of arrays, and its inverse: reducing an array back to a smaller shape.
#pragma once

#include <functional>
#include <optional>

#include "tenbin/core/array.h"

namespace tenbin {

class Function;

/// The shape that a and b broadcast to, by NumPy's rule: axes are matched from the last one, and a length of
/// 1 fits any. std::nullopt if they do not broadcast.
std::optional<Shape> broadcast_shape(const Shape& a, const Shape& b);

/// `broadcast_shape` of two arguments of a function. Errors: `add: a and b do not broadcast: float32(3) and
/// float32(4)`.
Shape require_broadcast(const Function& function, const char* argument, const Array& a,
                        const char* other_argument, const Array& b);

/// Whether an array of shape `from` can be broadcast to `to`.
bool can_broadcast_to(const Shape& from, const Shape& to);

/// Reduce x to `shape`, or repeat it, by one call of a device's function for each run of adjacent axes.
/// `reduce(x, outer, count, inner, y)` reduces the middle axis of x, viewed as (outer, count, inner), to y;
/// `repeat(x, outer, times, inner, y)` is the inverse. If x has the shape already, they return x.
using AxesFunction =
    std::function<void(const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y)>;
Array reduce_axes(const Array& x, const Shape& shape, const AxesFunction& reduce);
Array broadcast_axes(const Array& x, const Shape& shape, const AxesFunction& repeat);

/// The mean, by a `reduce` that divides the sums by `divisor`: that is 1 in all calls but the last. Between
/// the calls the sums are float64.
using MeanFunction = std::function<void(const Array& x, std::size_t outer, std::size_t count,
                                        std::size_t inner, double divisor, Array& y)>;
Array mean_axes(const Array& x, const Shape& shape, const MeanFunction& reduce);

}  // namespace tenbin
