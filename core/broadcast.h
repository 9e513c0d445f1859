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
using AxesFunction =
    std::function<void(const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y)>;
Array reduce_axes(const Array& x, const Shape& shape, const AxesFunction& reduce);
/// With `between`, the dtype of what lies between two runs of axes, `reduce` is also told whether a run is
/// the last one, whose y has x's dtype.
using LastAxesFunction = std::function<void(const Array& x, std::size_t outer, std::size_t count,
                                            std::size_t inner, bool last, Array& y)>;
Array reduce_axes(const Array& x, const Shape& shape, Dtype between, const LastAxesFunction& reduce);
Array broadcast_axes(const Array& x, const Shape& shape, const AxesFunction& repeat);

}  // namespace tenbin
