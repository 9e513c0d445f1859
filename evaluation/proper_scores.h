// Proper scoring rules, which are minimal for the true probabilities: Brier score and log loss.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"

namespace tenbin {

/// Options of brier_score_loss.
struct BrierScoreOptions {
  Array sample_weight = {};  ///< float (N), >= 0
  /// For y (N): the positive label, whose probability y is; all others are negative. Not set: labels are 0
  /// and 1, and 1 is positive.
  std::optional<std::int64_t> pos_label = {};
  /// Halve the sum over classes, so that it is in [0, 1]. Not set: for two classes, where it is then (p -
  /// y)^2.
  std::optional<bool> scale_by_half = {};
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// Brier's score, the mean squared error of probabilities (Brier, "Verification of forecasts expressed in
/// terms of probability", 1950; scikit-learn: `brier_score_loss`): the mean of (p - [t = 1])^2, or
///
///     1 / N sum_i sum_c (p[i, c] - [t_i = c])^2
///
/// for more than two classes. 0 is perfect. Class weights and resampling make it worse even where the ranking
/// stays as good.
///
/// t: integer (N); y: float32 or float64, probabilities (N) or (N, 1) of the positive class, or (N, C) whose
/// rows sum to 1. Values that rounding brought outside [0, 1] are clipped. Errors: values that are not
/// probabilities, such as logits, with their position; a label that does not fit `pos_label`, or outside [0,
/// C); no rows; weights whose sum is 0.
///
///     brier_score_loss(t, softmax(model(x)).data());
double brier_score_loss(const Array& t, const Array& y, const BrierScoreOptions& options = {});

/// Options of log_loss.
struct LogLossOptions {
  bool normalize = true;     ///< true: the mean over rows; false: the sum
  Array sample_weight = {};  ///< float (N), >= 0
  /// For y (N): the positive label, whose probability y is; all others are negative. Not set: labels are 0
  /// and 1, and 1 is positive.
  std::optional<std::int64_t> pos_label = {};
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// The mean of -log p of the true class (scikit-learn: `log_loss`). Probabilities are first clipped to [eps,
/// 1 - eps], eps being 2^-23 for float32 and 2^-52 for float64, so that the loss stays finite for a true
/// class of probability 0. Computed in float64.
///
/// t, y: as in brier_score_loss. Errors: the same.
///
///     log_loss(t, softmax(model(x)).data());
double log_loss(const Array& t, const Array& y, const LogLossOptions& options = {});

}  // namespace tenbin
