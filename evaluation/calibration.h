// Whether predicted probabilities mean what they say.
#pragma once

#include <cstdint>

#include "tenbin/core/array.h"

namespace tenbin {

/// Expected calibration error of the predicted class (Guo et al., "On calibration of modern neural networks",
/// ICML 2017): the gap between how sure the classifier was and how often it was right,
///
///     ECE = sum_b n_b / N |accuracy_b - confidence_b|,
///
/// over bins b of equal width, (0, 1/n_bins], (1/n_bins, 2/n_bins], ..., by the largest probability of a row.
///
/// probabilities: (N, C) float32 or float64, the rows sum to 1; t: integer (N). Rows whose label is
/// `ignore_label` do not count; without any row the error is 0. Errors: rows that are no probabilities, such
/// as logits, named with their position; a label outside [0, C); n_bins = 0.
///
///     expected_calibration_error(softmax(model(x)).data(), t);
double expected_calibration_error(const Array& probabilities, const Array& t, std::size_t n_bins = 15,
                                  std::int64_t ignore_label = -1);

}  // namespace tenbin
