#include "tenbin/calibration/isotonic_calibration.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tenbin/calibration/detail/one_vs_rest.h"
#include "tenbin/calibration/detail/read_pos_class.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

using detail::BinarySample;

// Replaces y by its isotonic regression. Blocks of equal value are kept on a stack; a new block below the
// previous one is merged with it.
void pool_adjacent_violators(std::vector<double>& y, const std::vector<double>& weights) {
  struct Block {
    double mean;
    double sum;  // of w y
    double weight;
    std::size_t end;
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < y.size(); ++i) {
    Block block{y[i], weights[i] * y[i], weights[i], i + 1};
    for (; !blocks.empty() && blocks.back().mean > block.mean; blocks.pop_back()) {
      block.sum += blocks.back().sum;
      block.weight += blocks.back().weight;
      block.mean = block.sum / block.weight;
    }
    blocks.push_back(block);
  }
  std::size_t i = 0;
  for (const Block& block : blocks)
    while (i < block.end) y[i++] = block.mean;
}

// A point of the regression: a score, its mean label, its weight.
struct Points {
  std::vector<double> x, y, weights;
};

Points unique_scores(std::vector<BinarySample> samples) {
  std::sort(samples.begin(), samples.end(),
            [](const BinarySample& a, const BinarySample& b) { return a.score < b.score; });
  Points points;
  for (std::size_t i = 0; i < samples.size();) {
    const double score = samples[i].score;
    double positive = 0, weight = 0;
    for (; i < samples.size() && samples[i].score == score; ++i) {
      weight += samples[i].weight;
      if (samples[i].positive) positive += samples[i].weight;
    }
    points.x.push_back(score);
    points.y.push_back(positive / weight);
    points.weights.push_back(weight);
  }
  return points;
}

using Curve = IsotonicCalibration::Curve;

Curve fit_curve(std::vector<BinarySample> samples) {
  Points points = unique_scores(std::move(samples));
  pool_adjacent_violators(points.y, points.weights);
  // The two ends of a step describe it.
  Curve curve;
  const std::size_t count = points.x.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool inside =
        i > 0 && i + 1 < count && points.y[i - 1] == points.y[i] && points.y[i] == points.y[i + 1];
    if (inside) continue;
    curve.x.push_back(points.x[i]);
    curve.y.push_back(points.y[i]);
  }
  return curve;
}

double value_at(const Curve& curve, double score) {
  const std::vector<double>&x = curve.x, &y = curve.y;
  if (score <= x.front()) return y.front();
  if (score >= x.back()) return y.back();
  const auto right = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), score) - x.begin());
  const std::size_t left = right - 1;
  // Halved, so that scores at both ends of the range of double do not overflow.
  const double share = (score / 2 - x[left] / 2) / (x[right] / 2 - x[left] / 2);
  return std::min(y[right], y[left] + share * (y[right] - y[left]));
}

std::string curve_name(std::size_t i) { return "curve/" + std::to_string(i); }

// Errors: no points; x that does not ascend; y that descends or is outside [0, 1]; a value that is not
// finite.
Curve read_curve(StateReader& reader) {
  Curve curve{read_numbers(reader, "x"), read_numbers(reader, "y")};
  const std::vector<double>&x = curve.x, &y = curve.y;
  if (x.empty()) reader.fail("x", "expected at least one number, got none");
  if (y.size() != x.size()) reader.fail("y", "expected as many numbers as x, ", x.size(), ", got ", y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || (i > 0 && !(x[i] > x[i - 1])))
      reader.fail("x", "expected finite numbers that ascend, got ", x[i], " at ", i);
    if (!(y[i] >= 0 && y[i] <= 1) || (i > 0 && y[i] < y[i - 1]))
      reader.fail("y", "expected numbers in [0, 1] that do not descend, got ", y[i], " at ", i);
  }
  return curve;
}

}  // namespace

Array isotonic_regression(const Array& y, const Array& sample_weight) {
  constexpr const char* function = "isotonic_regression";
  if (!y || !is_floating(y.dtype()) || y.ndim() != 1)
    throw Error(function, ": y must be float32 or float64 (N), got ", y);
  std::vector<double> values = y.to_vector<double>();
  const std::vector<double> weights = detail::to_sample_weights(function, sample_weight, y);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) throw Error(function, ": y[", i, "] = ", values[i], " is not finite");
    if (weights[i] == 0) throw Error(function, ": sample_weight[", i, "] = 0, expected it above 0");
  }
  pool_adjacent_violators(values, weights);
  return Array(values);
}

IsotonicCalibration& IsotonicCalibration::fit(const Array& scores, const Array& t,
                                              const BinaryFitOptions& options) {
  std::vector<Curve> curves;
  column_ = detail::fit_each(
      "IsotonicCalibration::fit", scores, t, options, detail::Columns::probabilities,
      [&](detail::BinarySamples binary) { curves.push_back(fit_curve(std::move(binary.samples))); });
  curves_ = std::move(curves);
  return *this;
}

Array IsotonicCalibration::transform(const Array& scores) const {
  require_fit();
  return detail::map_each("IsotonicCalibration::transform", scores, column_, curves_.size(),
                          detail::Columns::probabilities,
                          [this](std::size_t i, double score) { return value_at(curves_[i], score); });
}

void IsotonicCalibration::require_fit() const {
  if (!is_fitted()) throw Error("IsotonicCalibration: expected a call of fit first");
}

const Curve& IsotonicCalibration::only_curve() const {
  static const Curve none;
  if (curves_.size() > 1)
    throw Error("IsotonicCalibration: x_thresholds and y_thresholds are those of two classes, got ",
                curves_.size(), ": see curves");
  return curves_.empty() ? none : curves_[0];
}

NamedArrays IsotonicCalibration::save_state() const {
  require_fit();
  NamedArrays all{{"n_curve", integer_state(static_cast<std::int64_t>(curves_.size()))},
                  {"pos_class", integer_state(pos_class())}};
  for (std::size_t i = 0; i < curves_.size(); ++i) {
    all.emplace_back(curve_name(i) + "/x", Array(curves_[i].x));
    all.emplace_back(curve_name(i) + "/y", Array(curves_[i].y));
  }
  return all;
}

std::function<void()> IsotonicCalibration::prepare_load(StateReader& reader) {
  const std::int64_t n_curve = read_integer(reader, "n_curve");
  if (n_curve < 1 || n_curve == 2)
    reader.fail("n_curve", "expected 1, or one for each of 3 or more classes, got ", n_curve);
  std::vector<Curve> curves;
  for (std::int64_t i = 0; i < n_curve; ++i) {
    const StateReader::Inside inside(reader, curve_name(curves.size()));
    curves.push_back(read_curve(reader));
  }
  if (reader.contains(curve_name(curves.size()) + "/x"))
    reader.fail("n_curve", "got ", n_curve, ", but there are more curves");
  return [this, curves = std::move(curves), column = detail::read_pos_class(reader)] {
    curves_ = curves;
    column_ = column;
  };
}

IsotonicCalibration IsotonicCalibration::load(const std::string& path) {
  IsotonicCalibration calibration;
  load_npz(path, calibration);
  return calibration;
}

}  // namespace tenbin
