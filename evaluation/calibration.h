// Calibration of predicted probabilities: errors and the reliability diagram.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// How [0, 1] is cut into bins (scikit-learn: `strategy`). Bins are closed on the right.
enum class BinStrategy : unsigned char {
  uniform,   ///< of equal width: (0, 1/n_bins], (1/n_bins, 2/n_bins], ...
  quantile,  ///< with equally many rows, except that equal probabilities share a bin: avoids noisy bins of
             ///< few rows
};

/// Options of expected_calibration_error and calibration_error_per_class.
struct CalibrationErrorOptions {
  /// For y (N): the positive label, whose probability y is; all others are negative. Not set: labels are 0
  /// and 1, and 1 is positive.
  std::optional<std::int64_t> pos_label = {};
  std::size_t n_bins = 15;
  BinStrategy strategy = BinStrategy::uniform;
  Array sample_weight = {};  ///< float (N), >= 0; the bins' borders do not depend on it
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// Expected calibration error of the predicted class (Guo et al., "On calibration of modern neural networks",
/// ICML 2017): the difference between the confidence of predictions and their accuracy,
///
///     ECE = sum_b n_b / N |accuracy_b - confidence_b|,
///
/// over bins b of the largest probability of a row. With BinStrategy::quantile it is the adaptive calibration
/// error (Nguyen and O'Connor, "Posterior calibration and exploratory analysis for natural language
/// processing models", EMNLP 2015).
///
/// t: integer (N); y: float32 or float64, probabilities (N, C) whose rows sum to 1; or (N) or (N, 1) of the
/// positive class, compared with how often it occurs. Errors: values that are not probabilities, such as
/// logits, with their position; a label outside [0, C); no rows; n_bins = 0.
///
///     expected_calibration_error(t, softmax(model(x)).data(), {.strategy = BinStrategy::quantile});
double expected_calibration_error(const Array& t, const Array& y,
                                  const CalibrationErrorOptions& options = {});

/// The same for every class against the rest, by its own probabilities, so that rare classes are visible.
/// Their mean is the classwise ECE (Kull et al., "Beyond temperature scaling", NeurIPS 2019).
///
/// y: probabilities (N, C). Errors: those of expected_calibration_error.
std::vector<double> calibration_error_per_class(const Array& t, const Array& y,
                                                const CalibrationErrorOptions& options = {});

/// Options of calibration_curve.
struct CalibrationCurveOptions {
  /// The positive label, whose probability y is; all others are negative. Not set: labels are 0 and 1, and 1
  /// is positive.
  std::optional<std::int64_t> pos_label = {};
  std::size_t n_bins = 5;
  BinStrategy strategy = BinStrategy::uniform;
  Array sample_weight = {};  ///< float (N), >= 0; the bins' borders do not depend on it
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// The bins that are not empty, in ascending order.
struct CalibrationCurve {
  std::vector<double> prob_true;  ///< the share of positive rows
  std::vector<double> prob_pred;  ///< the mean predicted probability
  std::vector<double> weight;     ///< the number of rows, or their weight
};

/// The reliability diagram of one class (scikit-learn: `calibration_curve`): perfect calibration is prob_true
/// = prob_pred.
///
/// t: integer (N); y: float32 or float64, probabilities (N) or (N, 1) of the positive class, or (N, C), whose
/// column of the positive class is read. Errors: those of expected_calibration_error; more than two classes
/// without `pos_label`.
///
///     auto [prob_true, prob_pred, weight] = calibration_curve(t, p, {.n_bins = 10});
CalibrationCurve calibration_curve(const Array& t, const Array& y,
                                   const CalibrationCurveOptions& options = {});

}  // namespace tenbin
