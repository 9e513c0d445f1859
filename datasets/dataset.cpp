#include "tenbin/datasets/dataset.h"

#include <algorithm>
#include <utility>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/core/text.h"
#include "tenbin/cpu/gather.h"

namespace tenbin {

Dataset::Dataset(Array samples, Array labels, const DatasetOptions& options)
    : x(std::move(samples)), t(std::move(labels)) {
  detail::require_rows(x, t);
  if (!options.ignore_label && detail::are_signs(t))
    throw Error("Dataset: t = ", t,
                " has the labels -1 and 1 only, and losses and metrics ignore -1: pass labels_from_signs(t), "
                "which makes them 0 and 1, or {.ignore_label = -1} to ignore those rows");
}

Array labels_from_signs(const Array& t) {
  constexpr const char* function = "labels_from_signs";
  if (!t || (t.dtype() != Dtype::int32 && t.dtype() != Dtype::int64))
    throw Error(function, ": t must be int32 or int64, got ", t);
  Array classes = t.to(Device::cpu()).copy();
  visit(t.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* const label = classes.data<T>();
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (label[i] != T(1) && label[i] != static_cast<T>(-1))
        throw Error(function, ": expected -1 and 1, got ", label[i], " at position ", i);
      label[i] = label[i] == T(1) ? T(1) : T(0);
    }
  });
  return classes.to(t.device());
}

void detail::require_rows(const Array& x, const Array& t) {
  if (!x || !t || x.ndim() == 0 || t.ndim() == 0 || x.shape()[0] != t.shape()[0] || x.device() != t.device())
    throw Error("Dataset: x and t must have equally many rows on one device, got ", x, " and ", t);
}

Dataset detail::part_of_dataset(Array x, Array t) {
  Dataset part;
  part.x = std::move(x);
  part.t = std::move(t);
  return part;
}

void detail::require_rows(const char* owner, const Arrays& arrays) {
  const auto fits = [&](const Array& array) {
    return array && array.ndim() > 0 && array.shape()[0] == arrays[0].shape()[0] &&
           array.device() == arrays[0].device();
  };
  if (std::all_of(arrays.begin(), arrays.end(), fits)) return;
  TextStream got;
  for (std::size_t i = 0; i < arrays.size(); ++i) got << (i == 0 ? "" : ", ") << arrays[i];
  throw Error(owner, ": the arrays must have equally many rows on one device, got ", got.str());
}

Arrays detail::rows_at(const char* function, const Arrays& arrays, const std::vector<std::size_t>& indices) {
  const std::size_t count = arrays[0].shape()[0];
  for (std::size_t i = 0; i < indices.size(); ++i)
    if (indices[i] >= count)
      throw Error(function, ": index ", indices[i], " at position ", i, " is out of range for ", count,
                  " samples");
  const Device device = arrays[0].device();
  const Array uploaded = device.is_cpu() ? Array() : index_array(indices).to(device);
  Arrays part;
  for (const Array& array : arrays)
    part.push_back(device.is_cpu() ? cpu::gather_rows(array, indices.data(), indices.size())
                                   : accelerator::gather_rows(array, uploaded));
  return part;
}

Dataset Dataset::subset(const std::vector<std::size_t>& indices) const {
  detail::require_rows(x, t);  // the members are public and may have been assigned
  Arrays rows = detail::rows_at("Dataset::subset", {x, t}, indices);
  std::vector<bool> taken(size());
  bool repeats = false;
  for (const std::size_t i : indices) {
    repeats = repeats || taken[i];
    taken[i] = true;
  }
  Dataset part = detail::part_of_dataset(std::move(rows[0]), std::move(rows[1]));
  part.resampled_by = resampled_by == nullptr && repeats ? "Dataset::subset" : resampled_by;
  return part;
}

Dataset Dataset::to(Device device) const {
  detail::require_rows(x, t);
  Dataset moved = detail::part_of_dataset(x.to(device), t.to(device));
  moved.resampled_by = resampled_by;
  return moved;
}

Array detail::index_array(const std::vector<std::size_t>& indices) {
  Array array = Array::empty({indices.size()}, Dtype::int64);
  std::int64_t* const out = array.data<std::int64_t>();
  for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<std::int64_t>(indices[i]);
  return array;
}

}  // namespace tenbin
