#include "tenbin/functions/array/get_rows.h"

#include "tenbin/cpu/gather.h"

namespace tenbin {

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
  const std::size_t rows = x_shape_[0];
  const auto count = static_cast<std::int64_t>(rows);
  visit_index(indices.dtype(), [&](auto zero) {
    const auto* const index = indices.data<decltype(zero)>();
    for (std::size_t i = 0; i < indices.size(); ++i)
      if (index[i] < -count || index[i] >= count) out_of_range(index[i], static_cast<std::int64_t>(i), rows);
  });
  return {cpu::gather_rows(x, indices)};
}

Arrays GetRows::backward_cpu(const Arrays& xs, const Arrays& gys) {
  return {cpu::add_rows(gys[0], xs[1], x_shape_), Array()};
}

TENBIN_NO_GPU(GetRows);

CsrMatrix get_rows(const CsrMatrix& x, const Array& indices) {
  if (!indices || indices.ndim() != 1 || (indices.dtype() != Dtype::int32 && indices.dtype() != Dtype::int64))
    throw Error("get_rows: the indices of sparse rows must be int32 or int64 (count), got ", indices);
  const auto rows = static_cast<std::int64_t>(x.shape()[0]);
  std::vector<std::size_t> picked;
  for (const std::int64_t index : indices.to_vector<std::int64_t>()) {
    if (index < -rows || index >= rows)
      throw Error("get_rows: index ", index, " at position ", picked.size(), " is out of range for ", rows,
                  " rows");
    picked.push_back(static_cast<std::size_t>(index < 0 ? index + rows : index));
  }
  return x.rows(picked);
}

}  // namespace tenbin
