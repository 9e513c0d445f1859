// The options of functions that reduce over axes, and the shapes that follow from them.
#pragma once

#include <type_traits>

#include "tenbin/core/shape.h"

namespace tenbin {

class Array;
class Function;

/// The axes to reduce over: one, several, or, if empty, all of them. Negative ones count from the last.
///
///     sum(x, {.axis = 1});
///     sum(x, {.axis = {0, -1}, .keepdims = true});
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : Axes({axis}) {}  // NOLINT(google-explicit-constructor)
  /// Errors: more axes than an array can have.
  Axes(std::initializer_list<int> axes) {
    if (axes.size() > Shape::max_ndim) throw Error("Axes: an array has at most ", Shape::max_ndim, " axes");
    for (const int axis : axes) axes_[count_++] = axis;
  }

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const int* begin() const { return axes_; }
  const int* end() const { return axes_ + count_; }

 private:
  int axes_[Shape::max_ndim] = {};
  std::size_t count_ = 0;
};

/// A bool that no integer converts to: `sum(x, {0, 1})`, meant as two axes, does not compile, where with a
/// plain bool it would be axis 0 with keepdims.
class Flag {
 public:
  template <class T, class = std::enable_if_t<std::is_same_v<T, bool>>>
  Flag(T value) : value_(value) {}          // NOLINT(google-explicit-constructor)
  operator bool() const { return value_; }  // NOLINT(google-explicit-constructor)

 private:
  bool value_;
};

/// Options of sum, mean, max, min and logsumexp.
struct ReductionOptions {
  /// The axes that disappear; all of them if empty.
  Axes axis = {};
  /// Leave the reduced axes in the result, with length 1.
  Flag keepdims = false;
};

/// The shapes of the result of a reduction.
struct ReducedShape {
  Shape kept;    ///< with length 1 where it was reduced: it broadcasts to the input's
  Shape result;  ///< the same, or without those axes
};

/// Errors: `sum: axis 2 is out of range for float32(3, 4)`; `sum: axis 1 is named twice for float32(3, 4)`.
ReducedShape reduce_shape(const Function& function, const Array& x, const ReductionOptions& options);

}  // namespace tenbin
