// Scores of two classes with labels and weights: what thresholds and calibration are fitted on.
#pragma once

#include <functional>
#include <vector>

#include "tenbin/calibration/binary_fit_options.h"

namespace tenbin::detail {

struct BinarySample {
  double score;
  double weight;
  bool positive;
};

struct BinarySamples {
  std::vector<BinarySample> samples;  // whose weight is not 0, weights scaled (metric_rows.h)
  double weight_unit;                 // what sums of weights are to be multiplied by
  std::size_t column;                 // of the positive class in probabilities (N, 2): labels ascend
};

// How sure the classifier is of the positive class: float32 or float64, (N) or a column (N, 1), any finite
// numbers; or a column of probabilities (N, 2), whose rows must sum to 1. Errors: anything else, with its
// position.
std::vector<double> to_scores(const char* function, const Array& scores, std::size_t column);

// `sample_weights` (metric_rows.h) as numbers, scaled; ones if it is empty.
std::vector<double> to_sample_weights(const char* function, const Array& sample_weight, const Array& t);

// Errors: also labels other than `pos_label` and one more, without `pos_label` other than 0 and 1; a class
// without samples.
BinarySamples to_binary_samples(const char* function, const Array& scores, const Array& t,
                                const BinaryFitOptions& options);

// Probabilities of the positive class in the form that the scores have: (N), (N, 1), or (N, 2) with the
// complement in the other column.
Array map_scores(const char* function, const Array& scores, std::size_t column,
                 const std::function<double(double)>& probability);

}  // namespace tenbin::detail
