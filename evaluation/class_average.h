// How metrics per class are averaged.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"

namespace tenbin {

/// How one value per class becomes one number (scikit-learn: `average`).
enum class ClassAverage : unsigned char {
  macro,     ///< the mean over classes: every class has the same weight
  weighted,  ///< the mean weighted by the number of rows of each class, or by their `sample_weight`
};

/// Options of metrics that have one value per class.
struct PerClassOptions {
  Array sample_weight = {};  ///< float (N), >= 0
  /// Rows with this label are ignored. Not set: -1, but two classes and labels of -1 and 1 only are an error:
  /// map -1 to 0.
  std::optional<std::int64_t> ignore_label = {};
};

}  // namespace tenbin
