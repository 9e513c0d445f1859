#include "tenbin/calibration/isotonic_calibration.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tenbin/calibration/detail/binary_scores.h"

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
  detail::BinarySamples binary = detail::to_binary_samples("IsotonicCalibration::fit", scores, t, options);
  Points points = unique_scores(std::move(binary.samples));
  pool_adjacent_violators(points.y, points.weights);
  // The two ends of a step describe it.
  std::vector<double> x, y;
  const std::size_t count = points.x.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool inside =
        i > 0 && i + 1 < count && points.y[i - 1] == points.y[i] && points.y[i] == points.y[i + 1];
    if (inside) continue;
    x.push_back(points.x[i]);
    y.push_back(points.y[i]);
  }
  x_ = std::move(x);
  y_ = std::move(y);
  column_ = binary.column;
  return *this;
}

Array IsotonicCalibration::transform(const Array& scores) const {
  if (x_.empty()) throw Error("IsotonicCalibration: expected a call of fit first");
  return detail::map_scores("IsotonicCalibration::transform", scores, column_,
                            [this](double score) { return (*this)(score); });
}

double IsotonicCalibration::operator()(double score) const {
  if (score <= x_.front()) return y_.front();
  if (score >= x_.back()) return y_.back();
  const auto right = static_cast<std::size_t>(std::upper_bound(x_.begin(), x_.end(), score) - x_.begin());
  const std::size_t left = right - 1;
  // Halved, so that scores at both ends of the range of double do not overflow.
  const double share = (score / 2 - x_[left] / 2) / (x_[right] / 2 - x_[left] / 2);
  return std::min(y_[right], y_[left] + share * (y_[right] - y_[left]));
}

}  // namespace tenbin
