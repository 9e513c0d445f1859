#include "tenbin/calibration/isotonic_calibration.h"

#include <algorithm>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// f_i = max over j <= i of min over k >= i of the weighted mean of y_j ... y_k: the definition.
std::vector<double> max_min(const std::vector<double>& y, const std::vector<double>& w) {
  std::vector<double> fitted;
  for (std::size_t i = 0; i < y.size(); ++i) {
    double largest = -infinity;
    for (std::size_t j = 0; j <= i; ++j) {
      double smallest = infinity, sum = 0, weight = 0;
      for (std::size_t k = j; k < y.size(); ++k) {
        sum += w[k] * y[k];
        weight += w[k];
        if (k >= i) smallest = std::min(smallest, sum / weight);
      }
      largest = std::max(largest, smallest);
    }
    fitted.push_back(largest);
  }
  return fitted;
}

}  // namespace

TEST_CASE("isotonic_regression is the max-min of means, never decreases, and is idempotent") {
  random::Generator rng(7);
  for (std::size_t n = 0; n < 40; ++n) {
    const Array y = rng.normal({n}, 0, 1, Dtype::float64);
    const Array w = rng.uniform({n}, 0.1, 3, Dtype::float64);
    const Array fitted = isotonic_regression(y, w);
    check_close(values(fitted), max_min(values(y), values(w)), 1e-14, 1e-13);
    const std::vector<double> f = values(fitted);
    CHECK(std::is_sorted(f.begin(), f.end()));
    CHECK(values(isotonic_regression(fitted, w)) == f);
    // The total is preserved.
    double before = 0, after = 0;
    for (std::size_t i = 0; i < n; ++i) {
      before += values(w)[i] * values(y)[i];
      after += values(w)[i] * f[i];
    }
    CHECK(after == Approx(before).margin(1e-12));
  }
}

TEST_CASE("isotonic_regression of increasing and of decreasing values") {
  CHECK(values(isotonic_regression(Array{1.f, 2.f, 2.f, 7.f})) == std::vector<double>{1, 2, 2, 7});
  CHECK(values(isotonic_regression(Array{3., 2., 1.})) == std::vector<double>{2, 2, 2});
  CHECK(values(isotonic_regression(Array{1., 0., 5., 4., 4.5}, Array{1., 3., 1., 1., 2.})) ==
        std::vector<double>{0.25, 0.25, 4.5, 4.5, 4.5});
  // Linear time, also if every block is merged.
  const std::size_t n = 1000000;
  std::vector<double> falling(n);
  for (std::size_t i = 0; i < n; ++i) falling[i] = static_cast<double>(n - i);
  CHECK(isotonic_regression(Array(falling)).slice(0, 1).item() == Approx(500000.5));
  CHECK_THROWS_WITH(isotonic_regression(Array{1, 2}),
                    "isotonic_regression: y must be float32 or float64 (N), got int32(2)");
  CHECK_THROWS_WITH(isotonic_regression(Array{1., 2.}, Array{1., 0.}),
                    "isotonic_regression: sample_weight[1] = 0, expected it above 0");
  CHECK_THROWS_WITH(isotonic_regression(Array{1., infinity}),
                    "isotonic_regression: y[1] = inf is not finite");
}

TEST_CASE("IsotonicCalibration is linear between its points and constant outside") {
  const Array scores = {3., 1., 2., 2., 4., 6.};
  const Array t = {0, 0, 1, 0, 1, 1};
  IsotonicCalibration calibration;
  calibration.fit(scores, t);
  // 2 and 3 share (1 + 0 + 0) / 3.
  CHECK(calibration.x_thresholds() == std::vector<double>{1, 2, 3, 4, 6});
  check_close(calibration.y_thresholds(), {0, 1. / 3, 1. / 3, 1, 1}, 1e-15, 0);
  check_close(values(calibration.transform(Array{-9., 1., 1.5, 2.5, 3.5, 5., 99.})),
              {0, 0, 1. / 6, 1. / 3, 2. / 3, 1, 1}, 1e-15, 0);
  const Array single = calibration.transform(Array{1.5f, 2.5f});
  CHECK(single.dtype() == Dtype::float32);
  CHECK(calibration.transform(Array::zeros({0})).shape() == Shape{0});
}

TEST_CASE("IsotonicCalibration never decreases, at any score") {
  random::Generator rng(9);
  const std::size_t n = 300;
  const Array scores = rng.normal({n}, 0, 1, Dtype::float64);
  const std::vector<double> s = values(scores), u = values(rng.uniform({n}));
  std::vector<std::int64_t> t;
  for (std::size_t i = 0; i < n; ++i) t.push_back(u[i] < 1 / (1 + std::exp(-s[i])) ? 1 : 0);
  IsotonicCalibration calibration;
  calibration.fit(scores, Array(t));
  std::vector<double> query = values(rng.normal({5000}, 0, 2, Dtype::float64));
  query.insert(query.end(), s.begin(), s.end());
  for (const double x : s) query.insert(query.end(), {std::nextafter(x, 99), std::nextafter(x, -99)});
  std::sort(query.begin(), query.end());
  const std::vector<double> p = values(calibration.transform(Array(query)));
  CHECK(std::is_sorted(p.begin(), p.end()));
  CHECK(p.front() >= 0);
  CHECK(p.back() <= 1);
}

TEST_CASE("IsotonicCalibration with all scores tied, at the ends of the range, and of two columns") {
  IsotonicCalibration tied;
  tied.fit(Array{2., 2., 2., 2.}, Array{0, 1, 0, 0});
  CHECK(values(tied.transform(Array{1., 2., 3.})) == std::vector<double>{0.25, 0.25, 0.25});
  const double most = std::numeric_limits<double>::max();
  IsotonicCalibration extreme;
  extreme.fit(Array{-most, most}, Array{0, 1});
  CHECK(values(extreme.transform(Array{-most, 0., most})) == std::vector<double>{0, 0.5, 1});
  IsotonicCalibration columns;
  columns.fit(Array{{0.75, 0.25}, {0.5, 0.5}, {0.25, 0.75}}, Array{0, 1, 1});
  CHECK(values(columns.transform(Array{{0.625, 0.375}, {0.0, 1.0}})) == std::vector<double>{0.5, 0.5, 0, 1});
}

TEST_CASE("IsotonicCalibration: a weight is a repetition") {
  IsotonicCalibration weighted, repeated;
  weighted.fit(Array{1., 2., 3., 4.}, Array{0, 1, 0, 1}, {.sample_weight = Array{1., 3., 2., 0.}});
  repeated.fit(Array{1., 2., 2., 2., 3., 3.}, Array{0, 1, 1, 1, 0, 0});
  CHECK(weighted.x_thresholds() == repeated.x_thresholds());
  check_close(weighted.y_thresholds(), repeated.y_thresholds(), 1e-15, 0);
}

TEST_CASE("IsotonicCalibration: errors, which leave what was fitted") {
  IsotonicCalibration calibration;
  CHECK_THROWS_WITH(calibration.transform(Array{1.}), "IsotonicCalibration: expected a call of fit first");
  calibration.fit(Array{1., 2.}, Array{0, 1});
  CHECK_THROWS_WITH(
      calibration.fit(Array{1., 2.}, Array{1, 1}),
      "IsotonicCalibration::fit: expected samples of both classes, got 0 of class 0 and 2 of class 1");
  CHECK_THROWS_WITH(calibration.transform(Array{1., infinity}),
                    "IsotonicCalibration::transform: scores[1] = inf is not finite");
  CHECK(values(calibration.transform(Array{1.5})) == std::vector<double>{0.5});
}

TEST_CASE("IsotonicCalibration of a positive class of any label") {
  const Array scores = {3., 1., 2., 2., 4., 6.};
  IsotonicCalibration plain;
  plain.fit(scores, Array{0, 0, 1, 0, 1, 1});
  for (const auto& [t, pos_label] :
       {std::pair(Array{1, 1, 0, 1, 0, 0}, 0), std::pair(Array{-1, -1, 1, -1, 1, 1}, 1),
        std::pair(Array{7, 7, 3, 7, 3, 3}, 3)}) {
    IsotonicCalibration calibration;
    calibration.fit(scores, t, {.pos_label = pos_label});
    CHECK(calibration.x_thresholds() == plain.x_thresholds());
    CHECK(calibration.y_thresholds() == plain.y_thresholds());
  }
  const Array two = {{0.75, 0.25}, {0.5, 0.5}, {0.25, 0.75}};
  IsotonicCalibration of_0;
  of_0.fit(two, Array{0, 0, 1}, {.pos_label = 0});
  CHECK(values(of_0.transform(Array{{0.375, 0.625}, {1.0, 0.0}})) == std::vector<double>{0.5, 0.5, 1, 0});
  CHECK_THROWS_WITH(
      of_0.fit(scores, Array{0, 0, 1, 2, 1, 1}, {.pos_label = 1}),
      "IsotonicCalibration::fit: t[3] = 2, expected pos_label 1 and one other label, which is 0");
}
