// Checks of class labels, shared by losses, metrics, splits and class weights.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/core/deferred_error.h"

namespace tenbin::detail {

// Errors: `class_counts: t must be int32, int64 or uint8, got float32(3)`, and `hint` after it.
inline void require_labels(const char* function, const char* argument, const Array& t,
                           const char* hint = "") {
  if (!t || !is_integer(t.dtype()))
    throw Error(function, ": ", argument, " must be int32, int64 or uint8, got ", t, hint);
}

// A hint if floating labels (N) are all whole numbers; otherwise empty.
inline std::string float_labels_hint(const char* argument, const Array& t) {
  if (!t || !is_floating(t.dtype()) || t.ndim() != 1) return "";
  for (const double value : t.to_vector<double>())
    if (!(value == std::floor(value))) return "";
  return std::string("; did you mean ") + argument + ".astype(Dtype::int32)?";
}

// Calls `f(zero, label_zero)` with zeros of the dtypes of floating scores x and of labels t.
template <class F>
void visit_scores_and_labels(const Array& x, const Array& t, F f) {
  visit_floating(x.dtype(),
                 [&](auto zero) { visit_integer(t.dtype(), [&](auto label_zero) { f(zero, label_zero); }); });
}

// The shape of the labels of scores (N, C, ...).
inline Shape without_axis_1(const Shape& shape) {
  Shape rest{shape[0]};
  for (std::size_t axis = 2; axis < shape.size(); ++axis) rest.push_back(shape[axis]);
  return rest;
}

// t as int64 on the CPU.
inline Array to_labels(const char* function, const char* argument, const Array& t) {
  require_labels(function, argument, t, float_labels_hint(argument, t).c_str());
  return t.to(Device::cpu()).astype(Dtype::int64);
}

// A hint for one-hot rows (N, C) where labels (N) are expected; empty unless there are two or more rows and
// each has a single 1. t: of any integer dtype, on any device.
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

// `to_labels` for labels (N). Errors: also `class_counts: t must have one axis, got int32(3, 2)`.
inline Array to_label_vector(const char* function, const char* argument, const Array& t) {
  Array labels = to_labels(function, argument, t);
  if (t.ndim() != 1) throw Error(function, ": ", argument, " must have one axis, got ", t, one_hot_hint(t));
  return labels;
}

// True if the labels are -1 and 1 only, and both occur. Usually the first label decides.
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

// The same for integers on the CPU; false for anything else.
inline bool are_signs(const Array& labels) {
  if (!labels.device().is_cpu() || !is_integer(labels.dtype())) return false;
  return visit_integer(labels.dtype(),
                       [&](auto zero) { return are_signs(labels.data<decltype(zero)>(), labels.size()); });
}

// Labels of -1 and 1 are more likely two classes than class 1 and ignored rows: half of the data would be
// ignored silently. Checked where labels are read on the CPU.
[[noreturn]] inline void refuse_signs(const char* function, const char* otherwise = "") {
  throw Error(function, ": t has the labels -1 and 1 only, and -1 is the default of ignore_label: map -1 to",
              " 0 (labels are 0 to C - 1)", otherwise, ", or pass ignore_label = -1 to ignore those rows");
}

// The label that is ignored: -1 unless one was given.
inline std::int64_t ignored_label(const std::optional<std::int64_t>& ignore_label) {
  return ignore_label.value_or(-1);
}

// The same. Errors: none was given, labels are -1 and 1 only, and there are no more than two classes. n_class
// 0: not known.
inline std::int64_t ignored_label(const char* function, const Array& labels,
                                  std::optional<std::int64_t> ignore_label, std::size_t n_class) {
  if (!ignore_label && n_class <= 2 && are_signs(labels)) refuse_signs(function);
  return ignored_label(ignore_label);
}

// The samples of every class that occurs, ascending. labels: int64 (N), as the functions above return them.
inline std::map<std::int64_t, std::vector<std::size_t>> samples_by_class(const Array& labels) {
  std::map<std::int64_t, std::vector<std::size_t>> samples;
  const std::int64_t* label = labels.data<std::int64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) samples[label[i]].push_back(i);
  return samples;
}

// Throws `softmax_cross_entropy: t[2, 0] is 7, expected a label in [0, 3) or ignore_label -1`. `position`
// counts in row-major order of t, which has this shape.
[[noreturn]] inline void throw_invalid_label(const char* function, const Shape& shape, std::int64_t position,
                                             std::int64_t label, std::int64_t n_class,
                                             std::int64_t ignore_label) {
  throw Error(function, ": t", subscript(static_cast<std::size_t>(position), shape), " is ", label,
              ", expected a label in [0, ", n_class, ") or ignore_label ", ignore_label);
}

// The same error, for a kernel that reads t of this shape.
inline DeferredError invalid_label_error(const std::string& function, const Shape& shape, std::size_t n_class,
                                         std::int64_t ignore_label) {
  DeferredError error(function, shape, [](const DeferredError& found) {
    throw_invalid_label(found.function, found.shape, found.position, found.label, found.bounds[0],
                        found.bounds[1]);
  });
  error.bounds[0] = static_cast<std::int64_t>(n_class);
  error.bounds[1] = ignore_label;
  return error;
}

// Throws `sigmoid_cross_entropy: t must be 0, 1 or -1 (ignore_label), got 2 at position 0`.
[[noreturn]] inline void throw_invalid_binary_label(const char* function, std::int64_t position,
                                                    std::int64_t label, std::int64_t ignore_label) {
  throw Error(function, ": t must be 0, 1 or ", ignore_label, " (ignore_label), got ", label, " at position ",
              position);
}

// The same error, for a kernel.
inline DeferredError invalid_binary_label_error(const std::string& function, std::int64_t ignore_label) {
  DeferredError error(function, {}, [](const DeferredError& found) {
    throw_invalid_binary_label(found.function, found.position, found.label, found.bounds[0]);
  });
  error.bounds[0] = ignore_label;
  return error;
}

// Whether a label is a class; also for kernels.
struct IsClass {
  std::int64_t n_class;

  template <class Label>
  constexpr bool operator()(Label label) const {
    return static_cast<std::int64_t>(label) >= 0 && static_cast<std::int64_t>(label) < n_class;
  }
};

// Errors: `class_counts: t[3] = 7 is not a class in [0, 5)`.
inline void require_class(const char* function, const char* argument, std::size_t position,
                          std::int64_t label, std::size_t n_class) {
  if (!IsClass{static_cast<std::int64_t>(n_class)}(label))
    throw Error(function, ": ", argument, "[", position, "] = ", label, " is not a class in [0, ", n_class,
                ")");
}

}  // namespace tenbin::detail
