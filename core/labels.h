// What everything that reads class labels outside the graph shares: metrics, splits, class weights.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// Errors: `class_counts: t must be int32, int64 or uint8, got float32(3)`.
inline void require_labels(const char* function, const char* argument, const Array& t) {
  if (!t || !is_integer(t.dtype()))
    throw Error(function, ": ", argument, " must be int32, int64 or uint8, got ", t);
}

// t as int64 on the CPU.
inline Array to_labels(const char* function, const char* argument, const Array& t) {
  require_labels(function, argument, t);
  return t.to(Device::cpu()).astype(Dtype::int64);
}

// The same for one label per row. Errors: also `class_counts: t must have one axis, got int32(3, 2)`.
inline Array to_label_vector(const char* function, const char* argument, const Array& t) {
  Array labels = to_labels(function, argument, t);
  if (t.ndim() != 1) throw Error(function, ": ", argument, " must have one axis, got ", t);
  return labels;
}

// The samples of every class that occurs, ascending. labels: int64 (N), as the functions above return them.
inline std::map<std::int64_t, std::vector<std::size_t>> samples_by_class(const Array& labels) {
  std::map<std::int64_t, std::vector<std::size_t>> samples;
  const std::int64_t* label = labels.data<std::int64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) samples[label[i]].push_back(i);
  return samples;
}

// Errors: `class_counts: t[3] = 7 is not a class in [0, 5)`.
inline void require_class(const char* function, const char* argument, std::size_t position,
                          std::int64_t label, std::size_t n_class) {
  if (label < 0 || static_cast<std::uint64_t>(label) >= n_class)
    throw Error(function, ": ", argument, "[", position, "] = ", label, " is not a class in [0, ", n_class,
                ")");
}

}  // namespace tenbin::detail
