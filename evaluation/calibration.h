// Whether predicted probabilities mean what they say.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// How [0, 1] is cut into bins (scikit-learn: `strategy`). Bins are closed on the right.
enum class BinStrategy : unsigned char {
  uniform,   ///< of equal width: (0, 1/n_bins], (1/n_bins, 2/n_bins], ...
  quantile,  ///< of equally many rows, but that equal probabilities share a bin: few rows make no wild bin
};

/// Options of expected_calibration_error and calibration_error_per_class.
struct CalibrationErrorOptions {
  /// For y (N): the label of which y tells; all others are negative. None: labels are 0 and 1, and 1
  /// is positive.
  std::optional<std::int64_t> pos_label = {};
  std::size_t n_bins = 15;
  BinStrategy strategy = BinStrategy::uniform;
  Array sample_weight = {};  ///< float (N), >= 0; the bins' borders do not depend on it
  /// Rows with this label do not count. None: -1; but labels of -1 and 1 only are two classes, and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// Expected calibration error of the predicted class (Guo et al., "On calibration of modern neural networks",
/// ICML 2017): the gap between how sure the classifier was and how often it was right,
///
///     ECE = sum_b n_b / N |accuracy_b - confidence_b|,
///
/// over bins b of the largest probability of a row. With BinStrategy::quantile it is the adaptive one (Nguyen
/// and O'Connor, "Posterior calibration and exploratory analysis for natural language processing models",
/// EMNLP 2015).
///
/// t: integer (N); y: float32 or float64, probabilities (N, C) whose rows sum to 1; or (N) or (N, 1) of the
/// positive class, whose gap to its frequency counts. Errors: what is no probability, such as logits, with
/// its position; a label outside [0, C); no rows; n_bins = 0.
///
///     expected_calibration_error(t, softmax(model(x)).data(), {.strategy = BinStrategy::quantile});
double expected_calibration_error(const Array& t, const Array& y,
                                  const CalibrationErrorOptions& options = {});

/// The same of every class against the rest, by its own probabilities: rare classes are not drowned by the
/// others. Their mean is the classwise ECE (Kull et al., "Beyond temperature scaling", NeurIPS 2019).
///
/// y: probabilities (N, C). Errors: those of expected_calibration_error.
std::vector<double> calibration_error_per_class(const Array& t, const Array& y,
                                                const CalibrationErrorOptions& options = {});

/// Options of calibration_curve.
struct CalibrationCurveOptions {
  /// The label of which y tells; all others are negative. None: labels are 0 and 1, and 1
  /// is positive.
  std::optional<std::int64_t> pos_label = {};
  std::size_t n_bins = 5;
  BinStrategy strategy = BinStrategy::uniform;
  Array sample_weight = {};  ///< float (N), >= 0; the bins' borders do not depend on it
  /// Rows with this label do not count. None: -1; but labels of -1 and 1 only are two classes, and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// The bins that are not empty, ascending.
struct CalibrationCurve {
  std::vector<double> prob_true;  ///< how often the class is positive
  std::vector<double> prob_pred;  ///< the mean predicted probability
  std::vector<double> weight;     ///< the number or weight of the rows
};

/// The reliability diagram of one class (scikit-learn: `calibration_curve`): prob_true = prob_pred is
/// perfect.
///
/// t: integer (N); y: float32 or float64, probabilities (N) or (N, 1) of the positive class, or (N, C), of
/// which its column counts. Errors: those of expected_calibration_error; more than two classes without
/// `pos_label`.
///
///     auto [prob_true, prob_pred, weight] = calibration_curve(t, p, {.n_bins = 10});
CalibrationCurve calibration_curve(const Array& t, const Array& y,
                                   const CalibrationCurveOptions& options = {});

}  // namespace tenbin
