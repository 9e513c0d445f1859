// Sums, means, maxima and minima over axes, and their inverse, repeating, on the CPU. Sums over rows are
// taken here; those of rows picked by index in cpu/gather.h.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"

namespace tenbin::cpu {

/// Writes to y, (outer, inner), the sums along the middle axis of x, (outer, count, inner); both of one
/// floating dtype. Taken in float64 and rounded once, as every sum over rows.
///
///     cpu::sum_middle(gy, 1, rows, columns, gb);  // the sums of the columns
void sum_middle(const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y);

/// The inverse: repeats x, (outer, inner), along a new middle axis to y, (outer, times, inner). Any dtype.
void repeat_middle(const Array& x, std::size_t outer, std::size_t times, std::size_t inner, Array& y);

/// The array repeated to `shape`; itself if that is its shape. The caller has checked that it can be.
Array broadcast_to(const Array& array, const Shape& shape);

/// Reduces x to `shape`, which could be broadcast to x's: the sum, the maximum or the minimum of the elements
/// that broadcasting would have made from one. x itself if that is its shape. `sum_to` turns the gradient of
/// a broadcast array into that of the array.
///
/// Floating dtypes only. The order is fixed by the shapes. Sums are taken in float64 for both dtypes: for
/// float32 they are rounded once, for each group of adjacent axes that is reduced; along the last axis they
/// are also pairwise. The maximum and the minimum of elements with a NaN are NaN, and those of
/// no elements are -inf and inf.
Array sum_to(const Array& x, const Shape& shape);
Array max_to(const Array& x, const Shape& shape);
Array min_to(const Array& x, const Shape& shape);

/// The mean instead: the sum in float64, divided by the number of elements of a result, rounded once. Finite
/// wherever all of the elements are, even if their sum is not. The mean of no elements is NaN.
Array mean_to(const Array& x, const Shape& shape);

}  // namespace tenbin::cpu
