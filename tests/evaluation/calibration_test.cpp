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
  CHECK(expected_calibration_error(p, t, 2) == Approx(0.4625));
  // One bin: gaps of opposite sign cancel, |0.75 - 0.6625|.
  CHECK(expected_calibration_error(p, t, 1) == Approx(0.0875));
  // Confidences 0.5, 0.4, 0.75 and 1 in bins of their own, among them the last, closed at 1.
  CHECK(expected_calibration_error(p, t) == Approx((0.5 + 0.6 + 0.75 + 0) / 4));
}

TEST_CASE("expected_calibration_error closes its bins on the right") {
  // 0.5 belongs to (0.25, 0.5], with 0.4, not to (0.5, 0.75], with 0.6.
  const Array p = {{0.5, 0.5, 0.0}, {0.4, 0.3, 0.3}, {0.6, 0.4, 0.0}};
  const Array t = {1, 0, 0};
  CHECK(expected_calibration_error(p, t, 4) == Approx((std::abs(1 - 0.9) + std::abs(1 - 0.6)) / 3));
}

TEST_CASE("expected_calibration_error of float32 and of ignored rows") {
  const Array p = {{0.75f, 0.25f}, {0.5f, 0.5f}, {1.f, 0.f}};
  CHECK(expected_calibration_error(p, Array{0, -1, 0}) == Approx(0.125));
  CHECK(expected_calibration_error(p, Array{-1, -1, -1}) == 0);
  CHECK(expected_calibration_error(p, Array{0, 9, 1}, 15, 9) == Approx((0.25 + 1) / 2));
  CHECK(expected_calibration_error(Array::zeros({0, 2}), Array::zeros({0}, Dtype::int32)) == 0);
  // A row that rounding brought above 1 belongs to the last bin.
  CHECK(expected_calibration_error(Array{{1.0001f, 0.f}}, Array{0}) == Approx(0.0001).epsilon(1e-3));
}

TEST_CASE("expected_calibration_error refuses logits and strays") {
  const std::string text = "expected_calibration_error: ";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(expected_calibration_error(Array{{0.5, 0.5}, {3.0, 4.0}}, Array{0, 1}),
                    text + "row 1 of probabilities must be >= 0 and sum to 1, its sum is 7");
  CHECK_THROWS_WITH(expected_calibration_error(Array{{2.0, -1.0}}, Array{0}),
                    text + "row 0 of probabilities must be >= 0 and sum to 1, its sum is 1");
  CHECK_THROWS_WITH(expected_calibration_error(Array{{nan, 1.0}}, Array{0}),
                    text + "row 0 of probabilities must be >= 0 and sum to 1, its sum is nan");
  CHECK_THROWS_WITH(expected_calibration_error(Array{{0.5, 0.5}}, Array{2}),
                    text + "t[0] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(expected_calibration_error(Array{{0.5, 0.5}}, Array{0}, 0),
                    text + "expected n_bins > 0, got 0");
  CHECK_THROWS_WITH(
      expected_calibration_error(Array{{0.5, 0.5}}, Array{0, 1}),
      text + "probabilities must be float32 or float64 (N, C), got float64(1, 2) for t int32(2)");
}
