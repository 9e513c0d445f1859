// Rows picked by index, and added up by index, on the GPU. Plain C++.
#pragma once

#include "tenbin/core/array.h"

namespace tenbin::gpu {

/// y[i, ...] = x[indices[i], ...] for x of any dtype and int32 or int64 indices of any shape, both on one
/// device; negative indices count from the end. Whoever calls has checked the indices, or has them reported
/// (deferred_error.cuh): one outside [-rows, rows) reads nothing, and its row of y is 0.
Array gather_rows(const Array& x, const Array& indices);

/// The inverse, for gradients: a new array of `shape` with gx[r, ...] the sum of the gy[i, ...] for which
/// indices[i] is r, added in float64 in ascending order of i as the CPU does; 0 where there are none. An
/// index outside
/// [-rows, rows) counts for no row.
Array add_rows(const Array& gy, const Array& indices, const Shape& shape);

}  // namespace tenbin::gpu
