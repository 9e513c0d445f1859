// Sums, maxima and minima on the GPU, in an order that the shapes fix. Plain C++.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"

namespace tenbin::gpu {

/// The counterparts of what cpu/reduce.h declares. The mean of float64 elements is infinite if their
/// sum overflows.
void sum_middle(const Array& x, std::size_t outer, std::size_t count, std::size_t inner, Array& y);
void repeat_middle(const Array& x, std::size_t outer, std::size_t times, std::size_t inner, Array& y);
Array sum_to(const Array& x, const Shape& shape);
Array max_to(const Array& x, const Shape& shape);
Array min_to(const Array& x, const Shape& shape);
Array mean_to(const Array& x, const Shape& shape);
Array broadcast_to(const Array& array, const Shape& shape);

}  // namespace tenbin::gpu
