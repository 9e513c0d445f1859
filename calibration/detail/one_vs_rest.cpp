#include "tenbin/calibration/detail/one_vs_rest.h"

#include <cmath>
#include <utility>

#include "tenbin/core/detail/labels.h"
#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/probabilities.h"

namespace tenbin::detail {

namespace {

bool is_multi_class(const Array& scores) {
  return scores && is_floating(scores.dtype()) && scores.ndim() == 2 && scores.shape()[1] > 2;
}

std::vector<double> to_columns(const char* function, const Array& scores, Columns columns) {
  std::vector<double> values = scores.to_vector<double>();
  const std::size_t n_class = scores.shape()[1];
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw Error(function, ": scores[", i / n_class, ", ", i % n_class, "] = ", values[i], " is not finite");
  if (columns == Columns::probabilities)
    for (std::size_t i = 0; i < scores.shape()[0]; ++i)
      require_probability_row(function, &values[i * n_class], n_class, i, scores.dtype());
  return values;
}

// The rows that count: those that are not ignored and have a weight.
struct Rows {
  std::vector<std::size_t> positions;
  std::vector<std::size_t> labels;
  std::vector<double> weights;
  double weight_unit;
};

Rows to_rows(const char* function, const Array& scores, const Array& t, const BinaryFitOptions& options) {
  const std::size_t n_class = scores.shape()[1];
  const Array labels = to_label_vector(function, "t", t);
  if (labels.size() != scores.shape()[0])
    throw Error(function, ": scores and t differ in length: ", scores, " and ", t);
  const std::int64_t ignored = ignored_label(function, labels, options.ignore_label, n_class);
  Array weights = sample_weights(function, options.sample_weight, t);
  Rows rows{{}, {}, {}, scale_weights(weights)};
  const double* weight = weights ? std::as_const(weights).data<double>() : nullptr;
  const std::int64_t* label = labels.data<std::int64_t>();
  std::vector<std::size_t> count(n_class);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (label[i] == ignored) continue;
    require_class(function, "t", i, label[i], n_class);
    const double w = weight ? weight[i] : 1;
    if (w == 0) continue;
    rows.positions.push_back(i);
    rows.labels.push_back(static_cast<std::size_t>(label[i]));
    rows.weights.push_back(w);
    ++count[rows.labels.back()];
  }
  for (std::size_t c = 0; c < n_class; ++c)
    if (count[c] == 0)
      throw Error(function, ": expected samples of all ", n_class, " classes, got none of class ", c);
  return rows;
}

}  // namespace

std::size_t fit_each(const char* function, const Array& scores, const Array& t,
                     const BinaryFitOptions& options, Columns columns,
                     const std::function<void(BinarySamples)>& fit) {
  if (!is_multi_class(scores)) {
    BinarySamples samples = to_binary_samples(function, scores, t, options);
    const std::size_t column = samples.column;
    fit(std::move(samples));
    return column;
  }
  const std::size_t n_class = scores.shape()[1];
  if (options.pos_label)
    throw Error(function, ": pos_label is for two classes, got pos_label = ", *options.pos_label, " and ",
                scores);
  const std::vector<double> values = to_columns(function, scores, columns);
  const Rows rows = to_rows(function, scores, t, options);
  for (std::size_t c = 0; c < n_class; ++c) {
    BinarySamples samples{{}, rows.weight_unit, 1};
    samples.samples.reserve(rows.positions.size());
    for (std::size_t k = 0; k < rows.positions.size(); ++k)
      samples.samples.push_back(
          {values[rows.positions[k] * n_class + c], rows.weights[k], rows.labels[k] == c});
    fit(std::move(samples));
  }
  return 1;
}

Array map_each(const char* function, const Array& scores, std::size_t column, std::size_t n_fit,
               Columns columns, const std::function<double(std::size_t, double)>& probability) {
  if (n_fit == 1)
    return map_scores(function, scores, column, [&](double score) { return probability(0, score); });
  if (!is_multi_class(scores) || scores.shape()[1] != n_fit)
    throw Error(function, ": expected scores (N, ", n_fit, ") of the ", n_fit, " classes as fitted, got ",
                scores);
  std::vector<double> p = to_columns(function, scores, columns);
  for (double* row = p.data(); row != p.data() + p.size(); row += n_fit) {
    double sum = 0;
    for (std::size_t c = 0; c < n_fit; ++c) sum += row[c] = probability(c, row[c]);
    for (std::size_t c = 0; c < n_fit; ++c) row[c] = sum == 0 ? 1 / static_cast<double>(n_fit) : row[c] / sum;
  }
  return Array(p, scores.shape()).astype(scores.dtype()).to(scores.device());
}

}  // namespace tenbin::detail
