#include "tenbin/datasets/dataset.h"

#include <cstring>
#include <utility>

#include "tenbin/cuda/gather.h"

namespace tenbin {

Dataset::Dataset(Array samples, Array labels) : x(std::move(samples)), t(std::move(labels)) {
  if (x.ndim() == 0 || t.ndim() == 0 || x.shape()[0] != t.shape()[0] || x.device() != t.device())
    throw Error("Dataset: x and t must have equally many rows on one device, got ", x, " and ", t);
}

Dataset Dataset::subset(const std::vector<std::size_t>& indices) const {
  const Dataset checked(x, t);  // the members may have been assigned
  std::vector<bool> taken(size());
  bool repeats = false;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= size())
      throw Error("Dataset::subset: index ", indices[i], " at position ", i, " is out of range for ", size(),
                  " samples");
    repeats = repeats || taken[indices[i]];
    taken[indices[i]] = true;
  }
  const bool on_cpu = x.device().is_cpu();
  const Array uploaded = on_cpu ? Array() : detail::index_array(indices).to(x.device());
  const auto gather = [&](const Array& array) {
    return on_cpu ? detail::gather_rows(array, indices.data(), indices.size())
                  : gpu::gather_rows(array, uploaded);
  };
  Dataset part(gather(x), gather(t));
  part.resampled_by = resampled_by == nullptr && repeats ? "Dataset::subset" : resampled_by;
  return part;
}

Dataset Dataset::to(Device device) const {
  Dataset moved(x.to(device), t.to(device));
  moved.resampled_by = resampled_by;
  return moved;
}

Array detail::index_array(const std::vector<std::size_t>& indices) {
  Array array = Array::empty({indices.size()}, Dtype::int64);
  std::int64_t* const out = array.data<std::int64_t>();
  for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<std::int64_t>(indices[i]);
  return array;
}

Array detail::gather_rows(const Array& x, const std::size_t* indices, std::size_t count) {
  Shape shape = x.shape();
  shape[0] = count;
  Array rows = Array::empty(shape, x.dtype());
  if (rows.nbytes() == 0) return rows;
  const std::size_t row_bytes = rows.nbytes() / count;
  const char* const from = static_cast<const char*>(x.raw_data());
  char* const to = static_cast<char*>(rows.raw_data());
  for (std::size_t i = 0; i < count; ++i)
    std::memcpy(to + i * row_bytes, from + indices[i] * row_bytes, row_bytes);
  return rows;
}

}  // namespace tenbin
