#include "tenbin/calibration/platt_scaling.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "tenbin/calibration/detail/one_vs_rest.h"
#include "tenbin/calibration/detail/read_pos_class.h"
#include "tenbin/core/logistic.h"
#include "tenbin/evaluation/detail/scaling.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

using detail::BinarySample;
using detail::BinarySamples;

// 1 / (1 + exp(u)).
double falling_sigmoid(double u) { return detail::precise_sigmoid(-u); }

// The cross entropy of a sigmoid against smoothed targets, for scores scaled to [-1, 1].
class Objective {
 public:
  explicit Objective(const BinarySamples& binary) : samples_(binary.samples) {
    const std::vector<BinarySample>& samples = binary.samples;
    const auto [lowest, highest] =
        std::minmax_element(samples.begin(), samples.end(),
                            [](const BinarySample& x, const BinarySample& y) { return x.score < y.score; });
    center_ = lowest->score / 2 + highest->score / 2;
    scale_ = highest->score / 2 - lowest->score / 2;
    if (scale_ == 0) scale_ = 1;
    double negative = 0, positive = 0;
    for (const BinarySample& sample : samples) (sample.positive ? positive : negative) += sample.weight;
    unit_ = detail::power_of_two_scale(negative + positive, 0);
    total_ = unit_ * (negative + positive);
    // Only the targets depend on the number of samples. Above 2^53 samples, their 1 and 2 are lost by
    // rounding.
    constexpr double many = 1e100;
    positive = std::min(many, positive * binary.weight_unit);
    negative = std::min(many, negative * binary.weight_unit);
    target_1_ = (positive + 1) / (positive + 2);
    target_0_ = 1 / (negative + 2);
    start_ = std::log((negative + 1) / (positive + 1));
  }

  double start() const { return start_; }
  double total_weight() const { return total_; }
  double center() const { return center_; }
  double scale() const { return scale_; }

  double value(double a, double b) const {
    double sum = 0;
    for (const BinarySample& sample : samples_) {
      const double u = a * scaled(sample) + b;
      // -(y log p + (1 - y) log(1 - p)), in a form that takes no logarithm of 0.
      sum += weight(sample) * (target(sample) * u + std::max(-u, 0.0) + detail::softplus_tail(u));
    }
    return sum;
  }

  // The derivatives by a and b.
  struct Derivatives {
    double a = 0, b = 0, aa = 0, ab = 0, bb = 0;
  };
  Derivatives derivatives(double a, double b) const {
    Derivatives d;
    for (const BinarySample& sample : samples_) {
      const double x = scaled(sample);
      const double p = falling_sigmoid(a * x + b);
      const double first = weight(sample) * (target(sample) - p);
      const double second = weight(sample) * p * (1 - p);
      d.a += first * x;
      d.b += first;
      d.aa += second * x * x;
      d.ab += second * x;
      d.bb += second;
    }
    return d;
  }

 private:
  // Scaled so that the total is about 1: products of sums stay finite for weights of any size.
  double weight(const BinarySample& sample) const { return unit_ * sample.weight; }
  double scaled(const BinarySample& sample) const { return (sample.score - center_) / scale_; }
  double target(const BinarySample& sample) const { return sample.positive ? target_1_ : target_0_; }

  const std::vector<BinarySample>& samples_;
  double center_, scale_, target_0_, target_1_, start_, total_, unit_;
};

struct Point {
  double a, b;
};

// The Newton step, and twice the decrease of the second-order model of the objective along it.
struct NewtonStep {
  double a, b, decrease;
};

// With damping, the step is shorter and closer to the direction of steepest descent.
NewtonStep newton_step(const Objective::Derivatives& d, double damping) {
  // A small term on the diagonal keeps the matrix invertible: it is singular if all scores are equal.
  const double aa = d.aa * (1 + 1e-12) + 1e-300 + damping, bb = d.bb * (1 + 1e-12) + 1e-300 + damping;
  const double determinant = aa * bb - d.ab * d.ab;
  const double a = -(bb * d.a - d.ab * d.b) / determinant;
  const double b = -(aa * d.b - d.ab * d.a) / determinant;
  return {a, b, -(d.a * a + d.b * b)};
}

// The fraction of the step to take: 1, halved until the objective decreases enough; 0 if it does not.
double step_length(const Objective& objective, const Point& at, const NewtonStep& step) {
  constexpr double shortest = 1e-10;
  constexpr double enough = 1e-4;
  const double value = objective.value(at.a, at.b);
  for (double length = 1; length >= shortest; length /= 2)
    if (objective.value(at.a + length * step.a, at.b + length * step.b) <
        value - enough * length * step.decrease)
      return length;
  return 0;
}

// Newton's method. Where nearly all probabilities are 0 or 1, the matrix of second derivatives is almost
// singular, and the objective may not fall along the step: then the step is damped, as by Levenberg and
// Marquardt, until it does.
Point minimise(const Objective& objective) {
  constexpr int most_steps = 1000;
  // Relative to the weight. Below `close`, full steps converge, but the decrease is less than the rounding
  // error of the value, which is not computed then. Below `done`, the search ends.
  const double close = 1e-8 * objective.total_weight(), done = 1e-24 * objective.total_weight();
  const double least_damping = 1e-12 * objective.total_weight(), most_damping = objective.total_weight();
  double damping = 0;
  Point at{0, objective.start()};
  for (int count = 0; count < most_steps; ++count) {
    const NewtonStep step = newton_step(objective.derivatives(at.a, at.b), damping);
    // False if rounding has made the determinant negative or 0.
    const bool is_descent = step.decrease >= 0 && std::isfinite(step.decrease);
    const bool is_close = damping == 0 && is_descent && step.decrease <= close;
    const double length = is_close ? 1 : is_descent ? step_length(objective, at, step) : 0;
    if (length == 0) {
      if (damping >= most_damping) break;
      damping = std::max(10 * damping, least_damping);
      continue;
    }
    at.a += length * step.a;
    at.b += length * step.b;
    if (is_close && step.decrease <= done) break;
    damping = damping <= least_damping ? 0 : damping / 10;
  }
  return at;
}

PlattScaling::Line fit_line(const BinarySamples& samples) {
  const Objective objective(samples);
  const Point at = minimise(objective);
  const double a = at.a / objective.scale();
  return {a, at.b - a * objective.center()};
}

}  // namespace

PlattScaling& PlattScaling::fit(const Array& scores, const Array& t, const BinaryFitOptions& options) {
  std::vector<Line> lines;
  column_ = detail::fit_each("PlattScaling::fit", scores, t, options, detail::Columns::any_numbers,
                             [&](const BinarySamples& samples) { lines.push_back(fit_line(samples)); });
  lines_ = std::move(lines);
  return *this;
}

Array PlattScaling::transform(const Array& scores) const {
  require_fit();
  return detail::map_each(
      "PlattScaling::transform", scores, column_, lines_.size(), detail::Columns::any_numbers,
      [this](std::size_t i, double score) { return falling_sigmoid(lines_[i].a * score + lines_[i].b); });
}

double PlattScaling::a() const { return only_line().a; }
double PlattScaling::b() const { return only_line().b; }

void PlattScaling::require_fit() const {
  if (!is_fitted()) throw Error("PlattScaling: expected a call of fit first");
}

const PlattScaling::Line& PlattScaling::only_line() const {
  require_fit();
  if (lines_.size() > 1)
    throw Error("PlattScaling: a and b are those of two classes, got ", lines_.size(), ": see lines");
  return lines_[0];
}

NamedArrays PlattScaling::save_state() const {
  require_fit();
  std::vector<double> a, b;
  for (const Line& line : lines_) {
    a.push_back(line.a);
    b.push_back(line.b);
  }
  return {{"a", Array(a)}, {"b", Array(b)}, {"pos_class", integer_state(pos_class())}};
}

std::function<void()> PlattScaling::prepare_load(StateReader& reader) {
  const std::vector<double> a = read_numbers(reader, "a"), b = read_numbers(reader, "b");
  if (a.empty() || a.size() == 2)
    reader.fail("a", "expected 1 number, or one for each of 3 or more classes, got ", a.size());
  if (b.size() != a.size()) reader.fail("b", "expected as many numbers as a, ", a.size(), ", got ", b.size());
  std::vector<Line> lines;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i])) reader.fail("a", "number ", i, " is ", a[i], ", expected it finite");
    if (!std::isfinite(b[i])) reader.fail("b", "number ", i, " is ", b[i], ", expected it finite");
    lines.push_back({a[i], b[i]});
  }
  return [this, lines = std::move(lines), column = detail::read_pos_class(reader)] {
    lines_ = lines;
    column_ = column;
  };
}

PlattScaling PlattScaling::load(const std::string& path) {
  PlattScaling scaling;
  load_npz(path, scaling);
  return scaling;
}

}  // namespace tenbin
