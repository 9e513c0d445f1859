// Sums, maxima and minima on the GPU, in an order that the shapes fix. For .cu files.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"

namespace tenbin::gpu {

class Context;

enum class Reduction : unsigned char { sum, max, min };

/// Reduces the middle axis of x, (outer, count, inner), to y, (outer, inner). Sums are taken in double and
/// rounded once. The maximum and the minimum of elements with a NaN are NaN, and those of none are -inf and
/// inf.
template <class T>
void reduce_middle(Context& context, Reduction reduction, const T* x, std::size_t outer, std::size_t count,
                   std::size_t inner, T* y);

/// The inverse: repeats x, (outer, inner), along a new middle axis to y, (outer, times, inner).
template <class T>
void repeat_middle(Context& context, const T* x, std::size_t outer, std::size_t times, std::size_t inner,
                   T* y);

/// The counterparts of cpu::sum_to, max_to, min_to, mean_to and broadcast_to (cpu/reduce.h). The mean of
/// float64 is an infinity where the elements add up to one.
Array sum_to(const Array& x, const Shape& shape);
Array max_to(const Array& x, const Shape& shape);
Array min_to(const Array& x, const Shape& shape);
Array mean_to(const Array& x, const Shape& shape);
Array broadcast_to(const Array& array, const Shape& shape);

}  // namespace tenbin::gpu
