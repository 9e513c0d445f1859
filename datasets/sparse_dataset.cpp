#include "tenbin/datasets/sparse_dataset.h"

#include <utility>

#include "tenbin/datasets/dataset.h"

namespace tenbin {

void detail::require_rows(const CsrMatrix& x, const Array& t) {
  if (!x || !t || t.ndim() == 0 || x.shape()[0] != t.shape()[0] || x.device() != t.device())
    throw Error("SparseDataset: x and t must have equally many rows on one device, got ", x, " and ", t);
}

SparseDataset::SparseDataset(CsrMatrix samples, Array labels) : x(std::move(samples)), t(std::move(labels)) {
  detail::require_rows(x, t);
}

SparseDataset SparseDataset::subset(const std::vector<std::size_t>& indices) const {
  detail::require_rows(x, t);  // the members are public and may have been assigned
  SparseDataset part;
  part.t = detail::rows_at("SparseDataset::subset", {t}, indices)[0];
  part.x = x.rows(indices);
  part.classes = classes;
  return part;
}

SparseDataset SparseDataset::to(Device device) const {
  SparseDataset moved = *this;
  moved.x = x.to(device);
  moved.t = t.to(device);
  return moved;
}

}  // namespace tenbin
