// Sums, means, maxima and minima over axes, and their inverse, repeating, on the CPU. All sums over rows are
// taken here.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"

namespace tenbin::cpu {

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

}  // namespace tenbin::cpu
