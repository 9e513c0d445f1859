// Gathers rows, slices and views with strides on the GPU: the counterparts of cpu/gather.h. Plain C++.
#pragma once

#include <cstddef>

#include "tenbin/core/array.h"
#include "tenbin/core/lines.h"

namespace tenbin::gpu {

/// y[i, ...] = x[indices[i], ...]. The caller checks the indices, or lets a kernel report them: an index
/// outside [-rows, rows) reads nothing, and its row of y is 0.
Array gather_rows(const Array& x, const Array& indices);

/// An index outside [-rows, rows) is ignored. The sums are taken in the same order as on the CPU.
Array add_rows(const Array& gy, const Array& indices, const Shape& shape);

void join(const Arrays& xs, const Lines& lines, Array& y);
void read_slice(const Array& x, const Lines& lines, std::size_t begin, Array& slice);

Array read_view(const Array& x, const View& view);
void write_view(const Array& x, const View& view, Array& y);

}  // namespace tenbin::gpu
