#include "tenbin/evaluation/gain.h"

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

// In order of score: positive, negative, then four with equal scores, one of them positive, then a negative
// row.
const Array t = {0, 1, 0, 1, 0, 0, 0};
const Array y = {0.8, 0.9, 0.5, 0.5, 0.5, 0.5, 0.1};

}  // namespace

TEST_CASE("hits_at_k takes the mean over the orders of equal scores") {
  CHECK(hits_at_k(t, y, 1) == 1);
  CHECK(hits_at_k(t, y, 2) == 1);
  CHECK(hits_at_k(t, y, 3) == 1.25);
  CHECK(hits_at_k(t, y, 5) == 1.75);
  CHECK(hits_at_k(t, y, 6) == 2);
  CHECK(hits_at_k(t, y, 7) == 2);
  CHECK(hits_at_k(t, y, 3, {.pos_label = 0}) == 1.75);
  // Constant scores give the chance level.
  CHECK(hits_at_k(t, Array::zeros({7}), 3) == Approx(3 * 2.0 / 7));
}

TEST_CASE("gain and lift at k") {
  CHECK(gain_at_k(t, y, 3) == 1.25 / 2);
  CHECK(lift_at_k(t, y, 3) == Approx(1.25 / 3 / (2.0 / 7)));
  CHECK(lift_at_k(t, y, 7) == Approx(1));
  CHECK(gain_at_k(Array{0, -1, 1}, Array{0.1, 9.0, 0.2}, 1) == 1);
}

TEST_CASE("gain_curve") {
  const auto [depth, gain] = gain_curve(t, y);
  CHECK(depth == std::vector<double>{0, 1.0 / 7, 2.0 / 7, 6.0 / 7, 1});
  CHECK(gain == std::vector<double>{0, 0.5, 0.5, 1, 1});
}

TEST_CASE("hits_at_k refuses k of nothing, of more than there is, and gain without positive rows") {
  CHECK_THROWS_WITH(hits_at_k(t, y, 0), "hits_at_k: expected k of 1 to 7, got 0");
  CHECK_THROWS_WITH(lift_at_k(t, y, 8), "lift_at_k: expected k of 1 to 7, got 8");
  CHECK_THROWS_WITH(gain_at_k(Array{0, 0}, Array{0.1, 0.2}, 1), "gain_at_k: there are no positive rows in t");
  CHECK_THROWS_WITH(gain_curve(Array{0, 0}, Array{0.1, 0.2}), "gain_curve: there are no positive rows in t");
  CHECK(hits_at_k(Array{0, 0}, Array{0.1, 0.2}, 1) == 0);
}
