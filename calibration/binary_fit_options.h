// Options for fitting a threshold or a calibration of two classes.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"

namespace tenbin {

/// Options of tune_threshold, PlattScaling::fit and IsotonicCalibration::fit.
struct BinaryFitOptions {
  Array sample_weight = {};  ///< float (N), >= 0
  /// The label of the positive class, one of the two labels in t: scores grow with it, and of probabilities
  /// (N, 2) its column is read (columns are in ascending order of the labels). Not set: labels are 0 and 1,
  /// and 1 is positive.
  std::optional<std::int64_t> pos_label = {};
  /// Rows with this label are ignored. Not set: -1 if there are more than two classes; no label if there are
  /// two.
  std::optional<std::int64_t> ignore_label = {};
};

}  // namespace tenbin
