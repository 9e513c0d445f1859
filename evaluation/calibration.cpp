#include "tenbin/evaluation/calibration.h"

#include <algorithm>
#include <cmath>

#include "tenbin/evaluation/accuracy.h"
#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/percentile.h"

namespace tenbin {

namespace {

using detail::MetricRows;

// Probabilities of an event, and whether it occurred.
struct Forecasts {
  std::vector<double> probability;
  std::vector<bool> came_true;
};

struct Bin {
  double came_true = 0;
  double probability = 0;
  double weight = 0;
};

void require_bins(const char* function, std::size_t n_bins) {
  if (n_bins == 0) throw Error(function, ": expected n_bins > 0, got 0");
}

// For the class `pos_label`, by scores (n).
Forecasts forecasts_of_class(const MetricRows& rows) {
  Forecasts forecasts{rows.y.to_vector<double>(), {}};
  const std::int64_t* label = rows.t.data<std::int64_t>();
  for (std::size_t i = 0; i < rows.size(); ++i) forecasts.came_true.push_back(label[i] == rows.pos_label);
  return forecasts;
}

// For the predicted class, by probabilities (n, C).
Forecasts forecasts_of_prediction(const MetricRows& rows) {
  Forecasts forecasts;
  const Array predicted = argmax(rows.y);
  const std::int64_t* label = rows.t.data<std::int64_t>();
  const std::int64_t* guess = predicted.data<std::int64_t>();
  const double* row = rows.y.data<double>();
  for (std::size_t i = 0; i < rows.size(); ++i, row += rows.n_class()) {
    forecasts.probability.push_back(row[guess[i]]);
    forecasts.came_true.push_back(label[i] == guess[i]);
  }
  return forecasts;
}

// b / n_bins, rounded as by NumPy's linspace.
double share(std::size_t b, std::size_t n_bins) {
  return static_cast<double>(b) * (1 / static_cast<double>(n_bins));
}

// The inner borders of n_bins bins.
std::vector<double> borders_between(std::size_t n_bins, BinStrategy strategy, std::vector<double> p) {
  if (strategy == BinStrategy::quantile) std::sort(p.begin(), p.end());
  std::vector<double> borders;
  for (std::size_t b = 1; b < n_bins; ++b)
    borders.push_back(strategy == BinStrategy::uniform ? share(b, n_bins)
                                                       : detail::percentile(p, 100 * share(b, n_bins)));
  return borders;
}

std::vector<Bin> fill_bins(const Forecasts& forecasts, const MetricRows& rows, std::size_t n_bins,
                           BinStrategy strategy) {
  const std::vector<double> borders = borders_between(n_bins, strategy, forecasts.probability);
  std::vector<Bin> bins(n_bins);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double p = forecasts.probability[i];
    const auto border = std::lower_bound(borders.begin(), borders.end(), p);
    Bin& bin = bins[static_cast<std::size_t>(border - borders.begin())];
    const double weight = rows.weight_at(i);
    bin.came_true += forecasts.came_true[i] ? weight : 0;
    bin.probability += weight * p;
    bin.weight += weight;
  }
  return bins;
}

double calibration_error(const Forecasts& forecasts, const MetricRows& rows,
                         const CalibrationErrorOptions& options) {
  double gap = 0;
  double total = 0;
  for (const Bin& bin : fill_bins(forecasts, rows, options.n_bins, options.strategy)) {
    gap += std::abs(bin.came_true - bin.probability);
    total += bin.weight;
  }
  return gap / total;
}

}  // namespace

double expected_calibration_error(const Array& t, const Array& y, const CalibrationErrorOptions& options) {
  constexpr const char* function = "expected_calibration_error";
  require_bins(function, options.n_bins);
  const MetricRows rows = detail::metric_rows(function, t, y, options.sample_weight, options.pos_label,
                                              options.ignore_label, detail::ScoreKind::probability);
  return calibration_error(rows.is_binary() ? forecasts_of_class(rows) : forecasts_of_prediction(rows), rows,
                           options);
}

std::vector<double> calibration_error_per_class(const Array& t, const Array& y,
                                                const CalibrationErrorOptions& options) {
  constexpr const char* function = "calibration_error_per_class";
  require_bins(function, options.n_bins);
  const MetricRows rows =
      detail::probability_rows(function, t, y, {options.sample_weight, options.ignore_label});
  std::vector<double> errors;
  for (std::size_t c = 0; c < rows.n_class(); ++c) {
    const MetricRows one = detail::one_vs_rest(rows, c);
    errors.push_back(calibration_error(forecasts_of_class(one), one, options));
  }
  return errors;
}

CalibrationCurve calibration_curve(const Array& t, const Array& y, const CalibrationCurveOptions& options) {
  constexpr const char* function = "calibration_curve";
  require_bins(function, options.n_bins);
  const MetricRows rows = detail::binary_rows(function, t, y, options.sample_weight, options.pos_label,
                                              options.ignore_label, detail::ScoreKind::probability);
  CalibrationCurve curve;
  for (const Bin& bin : fill_bins(forecasts_of_class(rows), rows, options.n_bins, options.strategy)) {
    if (bin.weight == 0) continue;
    curve.prob_true.push_back(bin.came_true / bin.weight);
    curve.prob_pred.push_back(bin.probability / bin.weight);
    curve.weight.push_back(bin.weight * rows.weight_unit);
  }
  return curve;
}

}  // namespace tenbin
