// Rows picked by index and added up by index, slices, and views with strides, on the CPU.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"
#include "tenbin/core/lines.h"

namespace tenbin::cpu {

/// y[i, ...] = x[indices[i], ...] for x of any dtype and int32 or int64 indices of any shape; negative
/// indices count from the end. An index outside [-rows, rows) reads nothing, and its row of y is 0.
Array gather_rows(const Array& x, const Array& indices);
/// The same for the indices [0, count) at a pointer. Precondition: every index is in [0, rows).
Array gather_rows(const Array& x, const std::size_t* indices, std::size_t count);

/// The inverse, for gradients: a new array of `shape` with gx[r, ...] the sum of the gy[i, ...] for which
/// indices[i] is r, 0 if there are none. As every sum over rows, it is taken in float64, in ascending order
/// of i, and rounded once. An index outside [-rows, rows) is ignored.
Array add_rows(const Array& gy, const Array& indices, const Shape& shape);

/// Writes the arrays one after the other along an axis into y, seen as `lines` along it. One dtype; the
/// shapes differ in the length of the axis.
void join(const Arrays& xs, const Lines& lines, Array& y);
/// The inverse for one of them: fills `slice` from x, seen as `lines`, from entry `begin` of the axis on.
void read_slice(const Array& x, const Lines& lines, std::size_t begin, Array& slice);

/// The elements of a view of x as a new array: x with its axes in another order, or every third element.
Array read_view(const Array& x, const View& view);
/// The inverse, for gradients: writes the elements of x, of a floating dtype, to that view of y. The other
/// elements of y stay. Precondition: the elements of the view are different ones.
void write_view(const Array& x, const View& view, Array& y);

}  // namespace tenbin::cpu
