// An array cut into parts along an axis.
#pragma once

#include <type_traits>

#include "tenbin/functions/array/reshape.h"

namespace tenbin {

/// Where to cut an axis: into a number of equal parts, or before each of these indices.
///
///     split_axis(x, 3, 1);          // three parts of equal length
///     split_axis(x, {2, 5}, 1);     // [0, 2), [2, 5) and the rest
class SplitPoints {
 public:
  template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
  SplitPoints(Int sections)  // NOLINT(google-explicit-constructor)
      : sections_(static_cast<std::int64_t>(sections)) {}
  SplitPoints(std::initializer_list<Length> indices) : SplitPoints(indices.begin(), indices.end()) {}
  /// Indices at iterators: `SplitPoints(ends.begin(), ends.end())`.
  template <class Iterator, class = typename std::iterator_traits<Iterator>::iterator_category>
  SplitPoints(Iterator begin, Iterator end) : indices_(begin, end), equal_(false) {}

 private:
  friend class SplitAxis;

  SmallVector<Length, 4> indices_;
  std::int64_t sections_ = 0;
  bool equal_ = true;
};

class SplitAxis : public Function {
 public:
  SplitAxis(SplitPoints points, int axis) : points_(std::move(points)), axis_(axis) {}
  std::string name() const override { return "split_axis"; }
  void check(const Arrays& xs) const override { begins(xs[0]); }
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  using Positions = SmallVector<std::size_t, 4>;

  // Where each part begins, and the length of the axis.
  Positions begins(const Array& x) const;
  Shape part_shape(std::size_t part) const;

  SplitPoints points_;
  int axis_;
  std::size_t position_ = 0;  // of the axis
  Positions begins_;
  Shape x_shape_;
};

/// x cut along an axis, the inverse of `concat`. A number cuts it into that many equal parts; indices cut it
/// before each of them, and equal ones give a part of length 0. (Chainer: `F.split_axis`; NumPy: `split`.)
///
/// x: any dtype, one axis or more; the parts: the same dtype, the lengths of the other axes. Parts along
/// the first axis share the memory of x. A part that gets no gradient has the gradient 0.
///
/// Errors: an axis out of range; a number of parts below 1 or that does not divide the axis; indices that are
/// not ascending or outside [0, length].
///
///     Variables halves = split_axis(x, 2, 1);          // float32(8, 6) to float32(8, 3), float32(8, 3)
///     Variables parts = split_axis(x, {1, 3}, 1);      // (8, 1), (8, 2), (8, 3)
inline Variables split_axis(const Variable& x, const SplitPoints& points, int axis) {
  const Reference<Function> function(new SplitAxis(points, axis));
  return function->apply({x});
}

}  // namespace tenbin
