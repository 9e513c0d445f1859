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

}  // namespace tenbin
