// What the metrics of scores read: labels, scores and weights, checked once, without the rows that do not
// count.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/evaluation/class_average.h"

namespace tenbin::detail {

// float64 of the shape of t on the CPU, or none. Errors: `brier_score_loss: sample_weight[2] = -1 must be
// finite and >= 0`; another shape than t's.
Array sample_weights(const char* function, const Array& sample_weight, const Array& t);

// Multiplies huge weights, or weights that are all tiny, by a power of two (scaling.h), in an array of their
// own. Returns what a sum of them is to be multiplied by: 1 for all others, which stay as they are.
double scale_weights(Array& weights);

// Scores (N) may be any numbers, or must be probabilities of the positive class.
enum class ScoreKind : unsigned char { any, probability };

struct MetricRows {
  Array t;                 // int64 (n)
  Array y;                 // float64: scores (n), or probabilities (n, C) whose rows sum to 1
  Array weight;            // float64 (n), scaled, or none
  double weight_unit;      // what sums of weights are to be multiplied by where their size matters
  Dtype dtype;             // that y came in
  std::int64_t pos_label;  // if y is (n), the label of which y tells

  std::size_t size() const { return t.size(); }
  bool is_binary() const { return y.ndim() == 1; }
  std::size_t n_class() const { return is_binary() ? 2 : y.shape()[1]; }
  double weight_at(std::size_t i) const { return weight ? weight.data<double>()[i] : 1; }
  double total_weight() const;
  // What a class counts in an average: 1, or the weight of its rows.
  std::vector<double> class_weights(ClassAverage average) const;
};

// Scores (N), which may be a column (N, 1): labels may be anything if `pos_label` is given, all but it being
// negative; otherwise they are 0 and 1. Probabilities (N, C): they are in [0, C). `ignore_label`: -1 if none
// is given; but -1 counts where it is `pos_label`, or 1 is and there is no third label. Probabilities that
// rounding brought outside [0, 1] are clipped.
//
// Errors: anything else, with its position and value; two classes and labels of -1 and 1 only, unless
// `pos_label` (for scores) or `ignore_label` is given; a `pos_label` that is ignored; no rows; weights that
// add up to 0.
MetricRows metric_rows(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                       std::optional<std::int64_t> pos_label, std::optional<std::int64_t> ignore_label,
                       ScoreKind kind = ScoreKind::any);

// The same of probabilities (N, C) alone. Errors: also scores (N) or (N, 1).
MetricRows probability_rows(const char* function, const Array& t, const Array& y,
                            const PerClassOptions& options);

// The same with (n, C) probabilities turned into scores (n) of the class `pos_label`, of class 1 if there are
// but two. Errors: also more than two classes and no `pos_label`; a `pos_label` outside [0, C).
MetricRows binary_rows(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                       std::optional<std::int64_t> pos_label, std::optional<std::int64_t> ignore_label,
                       ScoreKind kind = ScoreKind::any);

// Class c of (n, C) against the rest.
MetricRows one_vs_rest(const MetricRows& rows, std::size_t c);

}  // namespace tenbin::detail
