#include "tenbin/functions/array/get_rows.h"

#include <algorithm>

#include "tenbin/core/axis.h"
#include "tenbin/core/check.h"

namespace tenbin {

namespace {

std::int64_t index_at(const Array& indices, std::size_t i) {
  return indices.dtype() == Dtype::int32 ? indices.data<std::int32_t>()[i] : indices.data<std::int64_t>()[i];
}

// Precondition: the index is in [-rows, rows).
std::size_t row_at(const Array& indices, std::size_t i, std::size_t rows) {
  const std::int64_t index = index_at(indices, i);
  return static_cast<std::size_t>(index < 0 ? index + static_cast<std::int64_t>(rows) : index);
}

}  // namespace

void GetRows::check(const Arrays& xs) const {
  if (xs[0].ndim() == 0) throw Error("get_rows: x must have at least one axis, got ", xs[0]);
  if (xs[1].dtype() != Dtype::int32 && xs[1].dtype() != Dtype::int64)
    throw Error("get_rows: indices must be int32 or int64, got ", xs[1]);
}

void GetRows::out_of_range(std::int64_t index, std::int64_t position, std::size_t rows) {
  throw Error("get_rows: index ", index, " at position ", position, " is out of range for ", rows, " rows");
}

Arrays GetRows::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  const Array& indices = xs[1];
  retain_inputs({1});
  x_shape_ = x.shape();
  const Lines rows = lines_along(x.shape(), 0);
  const auto count = static_cast<std::int64_t>(rows.length);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int64_t index = index_at(indices, i);
    if (index < -count || index >= count) out_of_range(index, static_cast<std::int64_t>(i), rows.length);
  }

  Shape shape = indices.shape();
  for (std::size_t axis = 1; axis < x.ndim(); ++axis) shape.push_back(x.shape()[axis]);
  Array y = Array::empty(shape, x.dtype());
  const std::size_t row_bytes = rows.inner * item_size(x.dtype());
  const char* in = static_cast<const char*>(x.raw_data());
  char* out = static_cast<char*>(y.raw_data());
  for (std::size_t i = 0; i < indices.size(); ++i)
    out = std::copy_n(in + row_at(indices, i, rows.length) * row_bytes, row_bytes, out);
  return {y};
}

Arrays GetRows::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& indices = xs[1];
  const Lines rows = lines_along(x_shape_, 0);
  Array gx = Array::zeros(x_shape_, gys[0].dtype());
  visit_floating(gx.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* gy = gys[0].data<T>();
    for (std::size_t i = 0; i < indices.size(); ++i, gy += rows.inner) {
      T* row = gx.data<T>() + row_at(indices, i, rows.length) * rows.inner;
      for (std::size_t k = 0; k < rows.inner; ++k) row[k] += gy[k];
    }
  });
  return {gx, Array()};
}

TENBIN_NO_GPU(GetRows);

}  // namespace tenbin
