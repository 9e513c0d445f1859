// The shape of an array.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <ostream>
#include <string>

#include "tenbin/core/error.h"

namespace tenbin {

/// Lengths of the axes, first axis first; `{}` is the shape of a scalar. Stored in the object, so that a copy
/// allocates nothing. Errors: more than `max_ndim` axes.
class Shape {
 public:
  static constexpr std::size_t max_ndim = 8;

  Shape() = default;
  Shape(std::initializer_list<std::size_t> lengths) : Shape(lengths.begin(), lengths.end()) {}
  template <class Iterator, class = typename std::iterator_traits<Iterator>::iterator_category>
  Shape(Iterator first, Iterator last) {
    for (; first != last; ++first) push_back(static_cast<std::size_t>(*first));
  }

  /// The number of axes.
  std::size_t size() const { return ndim_; }
  bool empty() const { return ndim_ == 0; }
  std::size_t operator[](std::size_t axis) const { return lengths_[axis]; }
  std::size_t& operator[](std::size_t axis) { return lengths_[axis]; }
  std::size_t front() const { return lengths_[0]; }
  std::size_t back() const { return lengths_[ndim_ - 1]; }
  const std::size_t* begin() const { return lengths_; }
  const std::size_t* end() const { return lengths_ + ndim_; }

  void push_back(std::size_t length) {
    if (ndim_ == max_ndim) throw Error("Shape: an array has at most ", max_ndim, " axes");
    lengths_[ndim_++] = length;
  }

 private:
  std::size_t lengths_[max_ndim] = {};
  std::size_t ndim_ = 0;
};

inline bool operator==(const Shape& a, const Shape& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}
inline bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

/// The product of the lengths. Errors: 2^60 or more elements.
inline std::size_t element_count(const Shape& shape) {
  std::size_t count = 1;
  bool overflow = false;
  for (const std::size_t length : shape) {
    if (length == 0) return 0;
    overflow = overflow || __builtin_mul_overflow(count, length, &count);
  }
  if (overflow || (count >> 60) != 0) throw Error("Shape: the number of elements is too large");
  return count;
}

/// The indices of the element at `position` in the flattened array; the last axis varies fastest (NumPy:
/// `unravel_index`). Precondition: `position` is below `element_count(shape)`.
inline Shape unravel_index(std::size_t position, const Shape& shape) {
  Shape index = shape;
  for (std::size_t axis = shape.size(); axis-- > 0; position /= shape[axis])
    index[axis] = position % shape[axis];
  return index;
}

/// The same as text, `[2, 0]`, after the name of the array in error messages.
inline std::string subscript(std::size_t position, const Shape& shape) {
  std::string text = "[";
  for (const std::size_t i : unravel_index(position, shape))
    text += (text == "[" ? "" : ", ") + std::to_string(i);
  return text + ']';
}

/// Prints `(8, 10)`, `(3)` and `()`.
inline std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return out << text + ')';
}

}  // namespace tenbin
