#include "tenbin/evaluation/mcc_kappa.h"

#include <cmath>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

// The truth in rows: {{2, 1, 0}, {0, 1, 1}, {1, 0, 4}}.
const Array t = {0, 0, 0, 1, 1, 2, 2, 2, 2, 2};
const Array y = {0, 0, 1, 1, 2, 0, 2, 2, 2, 2};

}  // namespace

TEST_CASE("matthews_corrcoef") {
  // c s - sum t p = 7 * 10 - (3 * 3 + 2 * 2 + 5 * 5), sum t^2 = 38, sum p^2 = 38.
  CHECK(matthews_corrcoef({t, y}) == Approx(32.0 / 62));
  // Two classes: (TP TN - FP FN) / sqrt(...) of TP 2, TN 1, FP 1, FN 1.
  CHECK(matthews_corrcoef({Array{1, 1, 1, 0, 0}, Array{1, 1, 0, 0, 1}}) ==
        Approx((2 * 1 - 1 * 1) / std::sqrt(3.0 * 3 * 2 * 2)));
  CHECK(matthews_corrcoef({t, t}) == Approx(1));
  CHECK(matthews_corrcoef({Array{0, 1}, Array{1, 0}}) == Approx(-1));
}

TEST_CASE("matthews_corrcoef is 0 if there is only one class, for any rounding of weights") {
  std::vector<double> w;
  std::vector<std::int32_t> guess;
  for (int i = 0; i < 1000; ++i) {
    w.push_back(1.0 / (i + 3));
    guess.push_back(i % 3);
  }
  const Array one = Array::full({1000}, 1, Dtype::int32);
  CHECK(matthews_corrcoef({one, Array(guess), Array(w)}) == 0);
  CHECK(matthews_corrcoef({Array(guess), one, Array(w)}) == 0);
  CHECK(matthews_corrcoef(ConfusionMatrix()) == 0);
}

TEST_CASE("cohen_kappa_score") {
  const double by_chance = (3 * 3 + 2 * 2 + 5 * 5) / 100.0;
  CHECK(cohen_kappa_score({t, y}) == Approx((0.7 - by_chance) / (1 - by_chance)));
  // The costs of the three wrong rows are 1, 1, 2, or 1, 1, 4.
  const auto by_chance_cost = [](double two_apart) {
    return (3 * 2 + 2 * 3 + 2 * 5 + 5 * 2 + two_apart * (3 * 5 + 5 * 3)) / 10;
  };
  CHECK(cohen_kappa_score({t, y}, {.weights = KappaWeights::linear}) == Approx(1 - 4 / by_chance_cost(2)));
  CHECK(cohen_kappa_score({t, y}, {.weights = KappaWeights::quadratic}) == Approx(1 - 6 / by_chance_cost(4)));
  CHECK(cohen_kappa_score({t, t}) == 1);
}

TEST_CASE("cohen_kappa_score is undefined if all rows are of one class") {
  const ConfusionMatrix one(Array{1, 1}, Array{1, 1});
  CHECK(std::isnan(cohen_kappa_score(one)));
  CHECK(cohen_kappa_score(one, {.replace_undefined_by = 0}) == 0);
  CHECK(std::isnan(cohen_kappa_score(ConfusionMatrix())));
}
