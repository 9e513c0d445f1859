#include "tenbin/evaluation/proper_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/evaluation/detail/metric_rows.h"

namespace tenbin {

namespace {

using detail::MetricRows;

MetricRows read(const char* function, const Array& t, const Array& y, const Array& sample_weight,
                std::optional<std::int64_t> pos_label, std::optional<std::int64_t> ignore_label) {
  return detail::metric_rows(function, t, y, sample_weight, pos_label, ignore_label,
                             detail::ScoreKind::probability);
}

bool is_positive(const MetricRows& rows, std::size_t i) {
  return rows.t.data<std::int64_t>()[i] == rows.pos_label;
}

// sum_c (p_c - [t = c])^2
double squared_error(const MetricRows& rows, std::size_t i) {
  const double* y = rows.y.data<double>();
  if (rows.is_binary()) {
    const double error = y[i] - (is_positive(rows, i) ? 1 : 0);
    return 2 * error * error;
  }
  const std::size_t n_class = rows.n_class();
  const auto truth = static_cast<std::size_t>(rows.t.data<std::int64_t>()[i]);
  double sum = 0;
  for (std::size_t c = 0; c < n_class; ++c) {
    const double error = y[i * n_class + c] - (c == truth ? 1 : 0);
    sum += error * error;
  }
  return sum;
}

double probability_of_truth(const MetricRows& rows, std::size_t i) {
  const double* y = rows.y.data<double>();
  if (rows.is_binary()) return is_positive(rows, i) ? y[i] : 1 - y[i];
  return y[i * rows.n_class() + static_cast<std::size_t>(rows.t.data<std::int64_t>()[i])];
}

template <class Loss>
double weighted_sum(const MetricRows& rows, Loss loss) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) sum += rows.weight_at(i) * loss(i);
  return sum;
}

}  // namespace

double brier_score_loss(const Array& t, const Array& y, const BrierScoreOptions& options) {
  const MetricRows rows =
      read("brier_score_loss", t, y, options.sample_weight, options.pos_label, options.ignore_label);
  const double sum = weighted_sum(rows, [&](std::size_t i) { return squared_error(rows, i); });
  const bool halve = options.scale_by_half.value_or(rows.n_class() < 3);
  return sum / rows.total_weight() * (halve ? 0.5 : 1);
}

double log_loss(const Array& t, const Array& y, const LogLossOptions& options) {
  const MetricRows rows =
      read("log_loss", t, y, options.sample_weight, options.pos_label, options.ignore_label);
  const double eps = rows.dtype == Dtype::float32 ? double{std::numeric_limits<float>::epsilon()}
                                                  : std::numeric_limits<double>::epsilon();
  const double sum = weighted_sum(rows, [&](std::size_t i) {
    return -std::log(std::clamp(probability_of_truth(rows, i), eps, 1 - eps));
  });
  return options.normalize ? sum / rows.total_weight() : sum * rows.weight_unit;
}

}  // namespace tenbin
