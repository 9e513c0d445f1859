// The input of the metrics of scores: labels, scores and weights, checked once, without the ignored rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/evaluation/class_average.h"

namespace tenbin::detail {

// float64 of the shape of t on the CPU, or empty. Errors: `brier_score_loss: sample_weight[2] = -1 must be
// finite and >= 0`; another shape than t's.
Array sample_weights(const char* function, const Array& sample_weight, const Array& t);

// Multiplies huge weights, or weights that are all tiny, by a power of two (scaling.h), in a copy. Returns
// the factor from sums of scaled weights to sums of weights: 1 if the weights were left unchanged.
double scale_weights(Array& weights);

// Whether scores (N) may be any numbers, or must be probabilities of the positive class.
enum class ScoreKind : unsigned char { any, probability };

struct MetricRows {
  Array t;                 // int64 (n)
  Array y;                 // float64: scores (n), or probabilities (n, C) whose rows sum to 1
  Array weight;            // float64 (n), scaled, or empty
  double weight_unit;      // factor from sums of scaled weights to sums of weights
  Dtype dtype;             // the dtype of the y that was passed
  std::int64_t pos_label;  // if y is (n): its positive label

  std::size_t size() const { return t.size(); }
  bool is_binary() const { return y.ndim() == 1; }
  std::size_t n_class() const { return is_binary() ? 2 : y.shape()[1]; }
  double weight_at(std::size_t i) const { return weight ? weight.data<double>()[i] : 1; }
  double total_weight() const;
  // The weight of a class in an average: 1, or the weight of its rows.
  std::vector<double> class_weights(ClassAverage average) const;
};

// For scores (N), or a column (N, 1): labels may have any values if `pos_label` is given, and all others are
// negative; otherwise they are 0 and 1. For probabilities (N, C): labels are in [0, C). `ignore_label`: -1 if
// it is not given; but -1 is not ignored if it is `pos_label`, or if `pos_label` is 1 and there is no third
// label. Probabilities that rounding brought outside [0, 1] are clipped.
//
// Errors: anything else, with its position and value; two classes and labels of -1 and 1 only, unless
// `pos_label` (for scores) or `ignore_label` is given; a `pos_label` that is ignored; no rows; weights whose
// sum is 0.
MetricRows metric_rows(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                       std::optional<std::int64_t> pos_label, std::optional<std::int64_t> ignore_label,
                       ScoreKind kind = ScoreKind::any);

// The same for probabilities (N, C) alone. Errors: also scores (N) or (N, 1).
MetricRows probability_rows(const char* function, const Array& t, const Array& y,
                            const PerClassOptions& options);

// The same, with (n, C) probabilities turned into scores (n) of the class `pos_label`, or of class 1 if there
// are only two. Errors: also more than two classes and no `pos_label`; a `pos_label` outside [0, C).
MetricRows binary_rows(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                       std::optional<std::int64_t> pos_label, std::optional<std::int64_t> ignore_label,
                       ScoreKind kind = ScoreKind::any);

// Class c of (n, C) against the rest.
MetricRows one_vs_rest(const MetricRows& rows, std::size_t c);

}  // namespace tenbin::detail
