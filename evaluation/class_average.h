// One number from one number per class.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"

namespace tenbin {

/// How the metrics of single classes become one (scikit-learn: `average`).
enum class ClassAverage : unsigned char {
  macro,     ///< the mean over classes: a rare one counts as much as any other
  weighted,  ///< weighted by how often, or with which `sample_weight`, each class is true
};

/// Options of metrics that have one value per class.
struct PerClassOptions {
  Array sample_weight = {};  ///< float (N), >= 0
  /// Rows with this label do not count. None: -1, but two classes and labels of -1 and 1 only are an error:
  /// map -1 to 0.
  std::optional<std::int64_t> ignore_label = {};
};

}  // namespace tenbin
