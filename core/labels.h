// What everything that reads class labels shares: losses, metrics, splits, class weights.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::detail {

// Errors: `class_counts: t must be int32, int64 or uint8, got float32(3)`, and `hint` after it.
inline void require_labels(const char* function, const char* argument, const Array& t,
                           const char* hint = "") {
  if (!t || !is_integer(t.dtype()))
    throw Error(function, ": ", argument, " must be int32, int64 or uint8, got ", t, hint);
}

// What to do with labels (N) that are whole numbers of a floating dtype. Of scores nothing is said.
inline std::string float_labels_hint(const char* argument, const Array& t) {
  if (!t || !is_floating(t.dtype()) || t.ndim() != 1) return "";
  for (const double value : t.to_vector<double>())
    if (!(value == std::floor(value))) return "";
  return std::string("; did you mean ") + argument + ".astype(Dtype::int32)?";
}

// t as int64 on the CPU.
inline Array to_labels(const char* function, const char* argument, const Array& t) {
  require_labels(function, argument, t, float_labels_hint(argument, t).c_str());
  return t.to(Device::cpu()).astype(Dtype::int64);
}

// What to do with integer labels (N, C) where labels (N) belong: nothing is said unless there are several
// rows and each has a single 1 among zeros. t: of any integer dtype, on any device.
inline const char* one_hot_hint(const Array& t) {
  if (t.ndim() != 2 || t.shape()[0] < 2 || t.shape()[1] < 2) return "";
  const Array labels = t.to(Device::cpu()).astype(Dtype::int64);
  const std::int64_t* label = labels.data<std::int64_t>();
  const std::size_t n_class = labels.shape()[1];
  for (std::size_t i = 0; i < labels.size(); i += n_class) {
    std::size_t ones = 0;
    for (std::size_t c = 0; c < n_class; ++c) {
      if (label[i + c] != 0 && label[i + c] != 1) return "";
      ones += label[i + c] == 1 ? 1 : 0;
    }
    if (ones != 1) return "";
  }
  return ": one-hot rows become labels by argmax(t.astype(Dtype::float32))";
}

// The same for one label per row. Errors: also `class_counts: t must have one axis, got int32(3, 2)`.
inline Array to_label_vector(const char* function, const char* argument, const Array& t) {
  Array labels = to_labels(function, argument, t);
  if (t.ndim() != 1) throw Error(function, ": ", argument, " must have one axis, got ", t, one_hot_hint(t));
  return labels;
}

// Whether -1 and 1 are the labels, and no others. Most labels end this at the first.
template <class Label>
bool are_signs(const Label* labels, std::size_t size) {
  bool negative = false, positive = false;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t label = labels[i];
    if (label != -1 && label != 1) return false;
    (label < 0 ? negative : positive) = true;
  }
  return negative && positive;
}

// The same of integers on the CPU; of anything else false.
inline bool are_signs(const Array& labels) {
  if (!labels.device().is_cpu() || !is_integer(labels.dtype())) return false;
  return visit_integer(labels.dtype(),
                       [&](auto zero) { return are_signs(labels.data<decltype(zero)>(), labels.size()); });
}

// Labels of -1 and 1 are two classes more likely than one and rows that do not count.
[[noreturn]] inline void refuse_signs(const char* function, const char* otherwise = "") {
  throw Error(function, ": t has the labels -1 and 1 only, and -1 is the default of ignore_label: map -1 to",
              " 0 (labels are 0 to C - 1)", otherwise,
              ", or pass ignore_label = -1 if those rows are not to count");
}

// The label that does not count: -1 unless one was given. Errors: none was given, labels are -1 and 1 only,
// and there are no more than two classes. n_class 0: not known.
inline std::int64_t ignored_label(const char* function, const Array& labels,
                                  std::optional<std::int64_t> ignore_label, std::size_t n_class) {
  if (!ignore_label && n_class <= 2 && are_signs(labels)) refuse_signs(function);
  return ignore_label.value_or(-1);
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
