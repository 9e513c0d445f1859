#include "tenbin/evaluation/proper_scores.h"

#include <cmath>

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("brier_score_loss") {
  const Array t = {0, 1, 1};
  const Array p = {0.1, 0.8, 0.5};
  const double mean = (0.01 + 0.04 + 0.25) / 3;
  CHECK(brier_score_loss(t, p) == Approx(mean));
  CHECK(brier_score_loss(t, Array{{0.9, 0.1}, {0.2, 0.8}, {0.5, 0.5}}) == Approx(mean));
  CHECK(brier_score_loss(t, p, {.scale_by_half = false}) == Approx(2 * mean));
  CHECK(brier_score_loss(t, p, {.sample_weight = Array{1.0, 0.0, 3.0}}) == Approx((0.01 + 3 * 0.25) / 4));
  CHECK(brier_score_loss(Array{4, 9, 9}, p, {.pos_label = 9}) == Approx(mean));
  CHECK(brier_score_loss(Array{0, 1, -1, 1}, Array{0.1, 0.8, 7.0, 0.5}) == Approx(mean));
  const Array three = {{0.5, 0.25, 0.25}, {0.0, 1.0, 0.0}};
  CHECK(brier_score_loss(Array{0, 2}, three) == Approx((0.25 + 2 * 0.0625 + 2) / 2));
  CHECK(brier_score_loss(Array{0, 2}, three, {.scale_by_half = true}) == Approx((0.375 + 2) / 4));
}

TEST_CASE("log_loss") {
  const Array t = {0, 1, 1};
  const Array p = {0.1, 0.8, 0.5};
  const double sum = -(std::log(0.9) + std::log(0.8) + std::log(0.5));
  CHECK(log_loss(t, p) == Approx(sum / 3));
  CHECK(log_loss(t, p, {.normalize = false}) == Approx(sum));
  CHECK(log_loss(t, Array{{0.9, 0.1}, {0.2, 0.8}, {0.5, 0.5}}) == Approx(sum / 3));
  CHECK(log_loss(Array{2}, Array{{0.5, 0.25, 0.25}}) == Approx(std::log(4)));
  // The loss of a true class of probability 0 is limited by the dtype's epsilon.
  CHECK(log_loss(Array{1}, Array{0.0}) == Approx(52 * std::log(2)));
  CHECK(log_loss(Array{1}, Array{0.f}) == Approx(23 * std::log(2)));
  CHECK(log_loss(Array{0}, Array{{0.f, 1.f}}) == Approx(23 * std::log(2)));
  CHECK(log_loss(Array{1}, Array{1.0}) == Approx(0).margin(1e-15));
}

TEST_CASE("log_loss and brier_score_loss refuse invalid probabilities") {
  CHECK_THROWS_WITH(brier_score_loss(Array{0, 1}, Array{0.5, 1.5}),
                    "brier_score_loss: y[1] = 1.5 is not a probability");
  CHECK_THROWS_WITH(log_loss(Array{0, 1}, Array{-0.5, 0.5}), "log_loss: y[0] = -0.5 is not a probability");
  CHECK_THROWS_WITH(log_loss(Array{0, 1}, Array{0.5, std::nan("")}),
                    "log_loss: y[1] = nan is not a probability");
  CHECK_THROWS_WITH(log_loss(Array{0}, Array{{1.0, 2.0}}),
                    "log_loss: row 0 of probabilities must be >= 0 and sum to 1, its sum is 3");
  CHECK_THROWS_WITH(log_loss(Array{3}, Array{{0.5, 0.5}}), "log_loss: t[0] = 3 is not a class in [0, 2)");
  CHECK_THROWS_WITH(brier_score_loss(Array{-1}, Array{0.5}),
                    "brier_score_loss: expected at least one row that is not ignored, got t int32(1)");
}

TEST_CASE("probabilities that rounding brought outside [0, 1] are clipped") {
  const float above = std::nextafter(1.f, 2.f);
  const double above_double = std::nextafter(1.0, 2.0);
  CHECK(brier_score_loss(Array{1, 0}, Array{above, 0.5f}) == 0.125);
  CHECK(brier_score_loss(Array{1, 0}, Array{above_double, -1e-17}) == 0);
  CHECK(log_loss(Array{1}, Array{above}) == log_loss(Array{1}, Array{1.f}));
  CHECK(brier_score_loss(Array{1, 0}, Array({{-1e-8f, 1.f}, {0.5f, 0.5f}})) == 0.125);
  CHECK(log_loss(Array{1, 0}, Array({{-1e-8f, 1.f}, {0.5f, 0.5f}})) ==
        log_loss(Array{1, 0}, Array({{0.f, 1.f}, {0.5f, 0.5f}})));
  // Up to 8 units in the last place of 1.
  CHECK(brier_score_loss(Array{1, 0}, Array{1 + 0x1p-49, -0x1p-49}) == 0);
  CHECK(brier_score_loss(Array{1, 0}, Array{1 + 0x1p-20f, -0x1p-20f}) == 0);
  CHECK_THROWS_AS(brier_score_loss(Array{0}, Array{std::nextafter(-0x1p-49, -1.0)}), Error);
  // The caller's array is unchanged.
  const Array p = {above_double, 0.5};
  brier_score_loss(Array{1, 0}, p);
  CHECK(p.to_vector<double>()[0] == above_double);
}

TEST_CASE("an invalid probability is printed with all its digits") {
  CHECK_THROWS_WITH(brier_score_loss(Array{1}, Array{1.00001}),
                    "brier_score_loss: y[0] = 1.00001 is not a probability");
  CHECK_THROWS_WITH(brier_score_loss(Array{1}, Array{1.000002f}),
                    "brier_score_loss: y[0] = 1.000002 is not a probability");
  CHECK_THROWS_WITH(brier_score_loss(Array{1}, Array{1.00000000001}),
                    "brier_score_loss: y[0] = 1.00000000001 is not a probability");
  CHECK_THROWS_WITH(log_loss(Array{1}, Array{{-1e-5f, 1.f}}),
                    "log_loss: row 0 of probabilities must be >= 0 and sum to 1, it has -1e-05 for class 0");
  CHECK_THROWS_WITH(log_loss(Array{1}, Array{{0.0, 1.0010001}}),
                    "log_loss: row 0 of probabilities must be >= 0 and sum to 1, its sum is 1.0010001");
}
