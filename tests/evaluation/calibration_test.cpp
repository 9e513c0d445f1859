#include "tenbin/evaluation/calibration.h"

#include <cmath>
#include <limits>

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("expected_calibration_error adds the gaps of the bins") {
  // Two bins: (0, 0.5] holds the rows of confidence 0.5 and 0.4, (0.5, 1] those of 0.75 and 1.
  const Array p = {{0.5, 0.3, 0.2}, {0.3, 0.4, 0.3}, {0.75, 0.25, 0.0}, {0.0, 0.0, 1.0}};
  const Array t = {0, 1, 1, 2};
  // 2/4 |1 - 0.45| + 2/4 |0.5 - 0.875|
  CHECK(expected_calibration_error(t, p, {.n_bins = 2}) == Approx(0.4625));
  // One bin: gaps of opposite sign cancel, |0.75 - 0.6625|.
  CHECK(expected_calibration_error(t, p, {.n_bins = 1}) == Approx(0.0875));
  // Confidences 0.5, 0.4, 0.75 and 1 in separate bins; the last bin is closed at 1.
  CHECK(expected_calibration_error(t, p) == Approx((0.5 + 0.6 + 0.75 + 0) / 4));
}

TEST_CASE("expected_calibration_error closes its bins on the right") {
  // 0.5 belongs to (0.25, 0.5], with 0.4, not to (0.5, 0.75], with 0.6.
  const Array p = {{0.5, 0.5, 0.0}, {0.4, 0.3, 0.3}, {0.6, 0.4, 0.0}};
  const Array t = {1, 0, 0};
  CHECK(expected_calibration_error(t, p, {.n_bins = 4}) ==
        Approx((std::abs(1 - 0.9) + std::abs(1 - 0.6)) / 3));
}

TEST_CASE("expected_calibration_error of bins with equal numbers of rows") {
  // The median, 0.65, separates 0.6 and 0.6 from 0.7 and 0.9.
  const Array p = {{0.6, 0.4}, {0.9, 0.1}, {0.6, 0.4}, {0.7, 0.3}};
  const Array t = {0, 0, 1, 1};
  const auto ece = [&](std::size_t n_bins) {
    return expected_calibration_error(t, p, {.n_bins = n_bins, .strategy = BinStrategy::quantile});
  };
  CHECK(ece(2) == Approx((std::abs(1 - 1.2) + std::abs(1 - 1.6)) / 4));
  // More bins than rows: every probability has its own, equal ones share it.
  CHECK(ece(100) == Approx((std::abs(1 - 1.2) + 0.7 + 0.1) / 4));
}

TEST_CASE("expected_calibration_error of one column is that of class 1") {
  const Array p = {0.25, 0.2, 0.75};
  CHECK(expected_calibration_error(Array{0, 1, 1}, p, {.n_bins = 2}) == Approx((0.55 + 0.25) / 3));
}

TEST_CASE("calibration_error_per_class shows the error of a rare class") {
  // Class 2 is right at 0.5 on average, though it is never the predicted one.
  const Array p = {{0.5, 0.0, 0.5}, {0.5, 0.0, 0.5}, {0.75, 0.25, 0.0}};
  const auto errors = calibration_error_per_class(Array{0, 2, 1}, p, {.n_bins = 1});
  REQUIRE(errors.size() == 3);
  CHECK(errors[0] == Approx((1.75 - 1) / 3));
  CHECK(errors[1] == Approx(0.75 / 3));
  CHECK(errors[2] == Approx(0).margin(1e-15));
}

TEST_CASE("calibration_curve has the bins that are not empty") {
  const Array p = {0.1, 0.2, 0.95, 0.9, 1.0};
  const auto [prob_true, prob_pred, weight] = calibration_curve(Array{0, 1, 1, 1, 0}, p);
  REQUIRE(prob_true.size() == 2);
  CHECK(prob_true[0] == 0.5);
  CHECK(prob_true[1] == Approx(2.0 / 3));
  CHECK(prob_pred[0] == Approx(0.15));
  CHECK(prob_pred[1] == Approx(0.95));
  CHECK(weight == std::vector<double>{2, 3});
}

TEST_CASE("calibration by weights of whole numbers is that of repeated rows") {
  const Array p = {{0.75, 0.25}, {0.5, 0.5}, {0.125, 0.875}};
  const Array w = {2.0, 0.0, 3.0};
  const Array repeated = {{0.75, 0.25}, {0.75, 0.25}, {0.125, 0.875}, {0.125, 0.875}, {0.125, 0.875}};
  const Array t = {0, 1, 0};
  const Array repeated_t = {0, 0, 0, 0, 0};
  CHECK(expected_calibration_error(t, p, {.sample_weight = w}) ==
        expected_calibration_error(repeated_t, repeated));
  CHECK(calibration_error_per_class(t, p, {.sample_weight = w}) ==
        calibration_error_per_class(repeated_t, repeated));
  CHECK(calibration_curve(t, p, {.sample_weight = w}).weight ==
        calibration_curve(repeated_t, repeated).weight);
}

TEST_CASE("expected_calibration_error of float32 and of ignored rows") {
  const Array p = {{0.75f, 0.25f}, {0.5f, 0.5f}, {1.f, 0.f}};
  CHECK(expected_calibration_error(Array{0, -1, 0}, p) == Approx(0.125));
  CHECK(expected_calibration_error(Array{0, 9, 1}, p, {.ignore_label = 9}) == Approx((0.25 + 1) / 2));
  // A probability that rounding brought above 1 belongs to the last bin.
  CHECK(expected_calibration_error(Array{0}, Array{{1.0001f, 0.f}}) == Approx(0.0001).epsilon(1e-3));
}

TEST_CASE("calibration refuses logits and invalid labels") {
  const std::string text = "expected_calibration_error: ";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(expected_calibration_error(Array{0, 1}, Array{{0.5, 0.5}, {3.0, 4.0}}),
                    text + "row 1 of probabilities must be >= 0 and sum to 1, its sum is 7");
  CHECK_THROWS_WITH(expected_calibration_error(Array{0}, Array{{2.0, -1.0}}),
                    text + "row 0 of probabilities must be >= 0 and sum to 1, it has -1 for class 1");
  CHECK_THROWS_WITH(expected_calibration_error(Array{0}, Array{{nan, 1.0}}),
                    text + "row 0 of probabilities must be >= 0 and sum to 1, its sum is nan");
  CHECK_THROWS_WITH(expected_calibration_error(Array{0, 1}, Array{0.5, 1.5}),
                    text + "y[1] = 1.5 is not a probability");
  CHECK_THROWS_WITH(expected_calibration_error(Array{2}, Array{{0.5, 0.5}}),
                    text + "t[0] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(expected_calibration_error(Array{0}, Array{{0.5, 0.5}}, {.n_bins = 0}),
                    text + "expected n_bins > 0, got 0");
  CHECK_THROWS_WITH(expected_calibration_error(Array{0, 1}, Array{{0.5, 0.5}}),
                    text +
                        "y must be float32 or float64, scores (N) or probabilities (N, C), got float64(1, 2) "
                        "for t int32(2)");
  // Arguments in the wrong order.
  CHECK_THROWS_WITH(expected_calibration_error(Array{{0.5, 0.5}}, Array{0}),
                    text + "t must be int32, int64 or uint8, got float64(1, 2)");
  CHECK_THROWS_WITH(expected_calibration_error(Array{-1}, Array{{0.5, 0.5}}),
                    text + "expected at least one row that is not ignored, got t int32(1)");
  CHECK_THROWS_WITH(expected_calibration_error(Array::zeros({0}, Dtype::int32), Array::zeros({0, 2})),
                    text + "expected at least one row that is not ignored, got t int32(0)");
  CHECK_THROWS_WITH(calibration_error_per_class(Array{0}, Array{0.5}),
                    "calibration_error_per_class: probabilities must be float32 or float64 (N, C), got "
                    "float64(1); for one column p, as of a sigmoid, pass (N, 2): 1 - p, p");
  CHECK_THROWS_WITH(calibration_curve(Array{0}, Array{{0.5, 0.25, 0.25}}),
                    "calibration_curve: expected pos_label to choose one of the classes of y float64(1, 3)");
}

TEST_CASE("probabilities of exactly 0 and 1 belong to the first and the last bin") {
  CHECK(expected_calibration_error(Array{1, 0}, Array{0.95, 1.0}, {.n_bins = 10}) == Approx(0.475));
  CHECK(expected_calibration_error(Array{1, 1}, Array{0.0, 0.05}, {.n_bins = 10}) == Approx(0.975));
  CHECK(expected_calibration_error(Array{0, 1, 0, 1}, Array{0.f, 1.f, 0.f, 1.f}) == 0);
  const float above = std::nextafter(1.f, 2.f);
  CHECK(expected_calibration_error(Array{1, 0}, Array{above, 0.5f}) == 0.25);
  for (const BinStrategy strategy : {BinStrategy::uniform, BinStrategy::quantile}) {
    const auto curve = calibration_curve(Array{0, 1, 0, 1, 1}, Array{0.0, 1.0, 0.2, 0.4, 1.0},
                                         {.n_bins = 5, .strategy = strategy});
    double rows = 0;
    for (const double weight : curve.weight) rows += weight;
    CHECK(rows == 5);
  }
}
