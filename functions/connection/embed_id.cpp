#include "tenbin/functions/connection/embed_id.h"

#include "tenbin/core/check.h"
#include "tenbin/cpu/gather.h"

namespace tenbin {

void EmbedIDFunction::check(const Arrays& xs) const {
  if (xs[0].dtype() != Dtype::int32 && xs[0].dtype() != Dtype::int64)
    throw Error("embed_id: x must be int32 or int64, got ", xs[0]);
  require_floating(*this, "W", xs[1]);
  if (xs[1].ndim() != 2) throw Error("embed_id: W must have two axes, got ", xs[1]);
}

void EmbedIDFunction::out_of_range(std::int64_t id, std::int64_t position, std::size_t rows) {
  throw Error("embed_id: id ", id, " at position ", position, " is out of range for ", rows, " rows");
}

Arrays EmbedIDFunction::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  retain_inputs({});
  W_shape_ = xs[1].shape();
  const auto rows = static_cast<std::int64_t>(W_shape_[0]);
  rows_ = Array::empty(x.shape(), Dtype::int64);
  auto* const row = rows_.data<std::int64_t>();
  visit_index(x.dtype(), [&](auto zero) {
    const auto* const id = x.data<decltype(zero)>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool ignored = ignore_label_ && id[i] == *ignore_label_;
      if (!ignored && (id[i] < 0 || id[i] >= rows))
        out_of_range(id[i], static_cast<std::int64_t>(i), W_shape_[0]);
      row[i] = ignored ? rows : id[i];
    }
  });
  return {cpu::gather_rows(xs[1], rows_)};
}

Arrays EmbedIDFunction::backward_cpu(const Arrays&, const Arrays& gys) {
  return {Array(), cpu::add_rows(gys[0], rows_, W_shape_)};
}

TENBIN_NO_GPU(EmbedIDFunction);

}  // namespace tenbin
