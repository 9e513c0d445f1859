#include "tenbin/calibration/temperature_scaling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tenbin/calibration/detail/binary_scores.h"
#include "tenbin/calibration/detail/softmax_rows.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

void require_logits(const char* function, const Array& logits) {
  if (logits && is_floating(logits.dtype()) && logits.ndim() == 2 && logits.shape()[1] > 0) return;
  const bool one_column = logits && is_floating(logits.dtype()) && logits.ndim() == 1;
  throw Error(function, ": logits must be float32 or float64 (N, C), got ", logits,
              one_column ? "; for one column z, of a sigmoid, pass (N, 2): 0, z" : "");
}

// Validation rows, with the largest logit of each row subtracted.
struct Rows {
  std::size_t n_class;
  std::vector<double> logits;
  std::vector<std::size_t> labels;
  std::vector<double> weights;
};

Rows to_rows(const char* function, const Array& logits, const Array& t, const Array& sample_weight,
             std::optional<std::int64_t> ignore_label) {
  require_logits(function, logits);
  const Array labels = detail::to_label_vector(function, "t", t);
  const std::size_t count = logits.shape()[0];
  const std::size_t n_class = logits.shape()[1];
  if (labels.size() != count) throw Error(function, ": logits and t differ in length: ", logits, " and ", t);
  const std::int64_t ignored = detail::ignored_label(function, labels, ignore_label, n_class);
  const std::vector<double> weights = detail::to_sample_weights(function, sample_weight, t);
  const std::vector<double> z = logits.to_vector<double>();
  const std::int64_t* label = labels.data<std::int64_t>();
  Rows rows{n_class, {}, {}, {}};
  for (std::size_t i = 0; i < count; ++i) {
    if (label[i] == ignored) continue;
    detail::require_class(function, "t", i, label[i], n_class);
    const double* row = &z[i * n_class];
    for (std::size_t c = 0; c < n_class; ++c)
      if (!std::isfinite(row[c]))
        throw Error(function, ": logits[", i, ", ", c, "] = ", row[c], " is not finite");
    if (weights[i] == 0) continue;
    const double largest = *std::max_element(row, row + n_class);
    for (std::size_t c = 0; c < n_class; ++c) rows.logits.push_back(row[c] - largest);
    rows.labels.push_back(static_cast<std::size_t>(label[i]));
    rows.weights.push_back(weights[i]);
  }
  if (rows.labels.empty())
    throw Error(function, ": expected a row with a label and a weight above 0, got ", logits);
  return rows;
}

// First and second derivative of the negative log likelihood with respect to beta = 1 / T: under the
// distribution softmax(beta z), the mean of z minus the label's z, and the variance of z.
struct Derivatives {
  double slope = 0;
  double curvature = 0;
};

Derivatives derivatives(const Rows& rows, double beta) {
  Derivatives sums;
  const double* z = rows.logits.data();
  for (std::size_t i = 0; i < rows.labels.size(); ++i, z += rows.n_class) {
    double s0 = 0, s1 = 0, s2 = 0;
    for (std::size_t c = 0; c < rows.n_class; ++c) {
      const double e = std::exp(beta * z[c]);
      if (e == 0) continue;  // z may be -inf, the difference of two finite logits
      s0 += e;
      s1 += e * z[c];
      s2 += e * z[c] * z[c];
    }
    const double mean = s1 / s0;
    sums.slope += rows.weights[i] * (mean - z[rows.labels[i]]);
    sums.curvature += rows.weights[i] * (s2 / s0 - mean * mean);
  }
  return sums;
}

// The root of the slope, which increases, between two values of beta that bracket it: Newton's method,
// safeguarded by the bracket.
double root_of_slope(const Rows& rows, double low, double high) {
  constexpr int most_steps = 200;
  constexpr double precision = 1e-12;
  double beta = std::clamp(1.0, low, high);
  for (int step = 0; step < most_steps; ++step) {
    const Derivatives at = derivatives(rows, beta);
    (at.slope > 0 ? high : low) = beta;
    double next = beta - at.slope / at.curvature;
    if (!(next >= low && next <= high)) next = std::sqrt(low * high);
    const bool converged = std::abs(next - beta) <= precision * beta;
    beta = next;
    if (converged) break;
  }
  return beta;
}

}  // namespace

TemperatureScaling::TemperatureScaling(const TemperatureScalingOptions& options) : options_(options) {
  const double low = options.min_temperature, high = options.max_temperature;
  if (!(low > 0 && low <= high && std::isfinite(high)))
    throw Error("TemperatureScaling: expected 0 < min_temperature <= max_temperature < inf, got ", low,
                " and ", high);
}

TemperatureScaling& TemperatureScaling::fit(const Array& logits, const Array& t,
                                            const TemperatureScalingFitOptions& options) {
  const double coldest = options_.min_temperature, hottest = options_.max_temperature;
  const Rows rows =
      to_rows("TemperatureScaling::fit", logits, t, options.sample_weight, options_.ignore_label);
  const double slope_hot = derivatives(rows, 1 / hottest).slope;
  const double slope_cold = derivatives(rows, 1 / coldest).slope;
  if (slope_hot == 0 && slope_cold == 0) {
    temperature_ = std::clamp(1.0, coldest, hottest);
  } else if (slope_hot >= 0) {
    temperature_ = hottest;
  } else if (slope_cold <= 0) {
    temperature_ = coldest;
  } else {
    temperature_ = 1 / root_of_slope(rows, 1 / hottest, 1 / coldest);
  }
  return *this;
}

Array TemperatureScaling::transform(const Array& logits) const {
  require_logits("TemperatureScaling::transform", logits);
  const double beta = 1 / temperature();
  std::vector<double> p = logits.to_vector<double>();
  detail::softmax_rows(p, logits.shape()[1], beta);
  return Array(p, logits.shape()).astype(logits.dtype()).to(logits.device());
}

double TemperatureScaling::temperature() const {
  if (temperature_ == 0) throw Error("TemperatureScaling: expected a call of fit first");
  return temperature_;
}

NamedArrays TemperatureScaling::save_state() const { return {{"temperature", number_state(temperature())}}; }

std::function<void()> TemperatureScaling::prepare_load(StateReader& reader) {
  const double temperature = read_number(reader, "temperature");
  if (!(temperature > 0 && std::isfinite(temperature) && std::isfinite(1 / temperature)))
    reader.fail("temperature", "expected a finite number above 0, got ", temperature);
  return [this, temperature] { temperature_ = temperature; };
}

TemperatureScaling TemperatureScaling::load(const std::string& path) {
  TemperatureScaling scaling;
  load_npz(path, scaling);
  return scaling;
}

}  // namespace tenbin
