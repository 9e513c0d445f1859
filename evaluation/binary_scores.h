// Scores of two classes with labels and weights: what thresholds and calibration are fitted on.
#pragma once

#include <functional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin::detail {

struct BinarySample {
  double score;
  double weight;
  bool positive;
};

// How sure the classifier is of class 1: float32 or float64 (N), any finite numbers; or column 1 of
// probabilities (N, 2), whose rows must sum to 1. Errors: anything else, with its position.
std::vector<double> to_scores(const char* function, const Array& scores);

// `sample_weights` (metric_rows.h) as numbers; ones if there are none.
std::vector<double> to_sample_weights(const char* function, const Array& sample_weight, const Array& t);

// The samples whose weight is not 0. Errors: also a label that is not 0 or 1; a class without samples.
std::vector<BinarySample> to_binary_samples(const char* function, const Array& scores, const Array& t,
                                            const Array& sample_weight);

// Probabilities of class 1 in the form that the scores have: (N), or (N, 2) with the complement in column 0.
Array map_scores(const char* function, const Array& scores, const std::function<double(double)>& probability);

}  // namespace tenbin::detail
