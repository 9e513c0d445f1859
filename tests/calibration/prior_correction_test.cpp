#include "tenbin/calibration/prior_correction.h"

#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/datasets/class_weight.h"
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

const Array p = {{0.5, 0.3, 0.2}, {0.0, 1.0, 0.0}, {0.0, 0.5, 0.5}, {1e-300, 1.0, 1e-30}};

}  // namespace

TEST_CASE("correct_prior multiplies by the ratio and renormalises") {
  const Array corrected = correct_prior(p, Array{1., 1., 1.}, Array{2., 1., 5.});
  check_close(values(corrected.slice(0, 1)), {1 / 2.3, 0.3 / 2.3, 1 / 2.3}, 1e-15, 0);
  check_close(values(corrected.slice(1, 2)), {0, 1, 0}, 0, 0);
  check_close(values(corrected.slice(2, 3)), {0, 1. / 6, 5. / 6}, 1e-15, 0);
  check_close(values(corrected.slice(3, 4)), {2e-300, 1, 5e-30}, 0, 1e-14);
  CHECK(values(p)[0] == 0.5);
}

TEST_CASE("correct_prior with equal priors changes nothing, and can be reversed") {
  const Array prior = {0.7, 0.2, 0.1};
  check_close(values(correct_prior(p, prior, prior)), values(p), 0, 1e-15);
  // Priors need not sum to 1; counts are valid.
  check_close(values(correct_prior(p, prior, Array{70, 20, 10})), values(p), 0, 1e-14);
  const Array other = {0.01, 0.9, 0.09};
  check_close(values(correct_prior(correct_prior(p, prior, other), other, prior)), values(p), 0, 1e-13);
}

TEST_CASE("correct_prior of one column is that of two classes") {
  const Array positive = {0.0, 0.2, 0.5, 1.0};
  const Array both = {{1.0, 0.0}, {0.8, 0.2}, {0.5, 0.5}, {0.0, 1.0}};
  // odds_true = odds_model pi / (1 - pi) (1 - pi') / pi'
  const Array one = correct_prior(positive, Array{0.5, 0.5}, Array{0.9, 0.1});
  CHECK(one.shape() == Shape{4});
  check_close(values(one), {0, 0.02 / 0.74, 0.1, 1}, 1e-15, 0);
  const std::vector<double> two = values(correct_prior(both, Array{0.5, 0.5}, Array{0.9, 0.1}));
  for (std::size_t i = 0; i < 4; ++i) CHECK(two[2 * i + 1] == values(one)[i]);
  CHECK_THROWS_WITH(correct_prior(Array{0.5, 1.5}, Array{1., 1.}, Array{1., 1.}),
                    "correct_prior: probabilities[1] = 1.5 is not a probability");
}

TEST_CASE("correct_prior to a uniform prior decides as post-hoc logit adjustment") {
  const std::vector<std::size_t> counts = {900, 90, 10};
  const Array logits = random::Generator(3).normal({200, 3}, 0, 3, Dtype::float64);
  const Array adjusted = (Variable(logits) - log_prior(counts).astype(Dtype::float64)).data();
  const Array corrected = correct_prior(softmax(logits).data(), class_prior(counts), Array{1, 1, 1});
  CHECK(values(argmax(corrected)) == values(argmax(adjusted)));
  CHECK(values(argmax(corrected)) != values(argmax(logits)));
}

TEST_CASE("correct_prior keeps dtype and takes empty batches") {
  const Array prior = {1.f, 2.f, 3.f};
  CHECK(correct_prior(p.astype(Dtype::float32), prior, prior).dtype() == Dtype::float32);
  CHECK(correct_prior(Array::zeros({0, 3}), prior, prior).shape() == Shape{0, 3});
  // The probability of a class that does not occur becomes 0.
  check_close(values(correct_prior(p.slice(0, 1), prior, Array{1, 0, 2})), {15. / 19, 0, 4. / 19}, 1e-15, 0);
}

TEST_CASE("correct_prior: errors") {
  const std::string text = "correct_prior: ";
  const Array prior = {1., 2., 3.};
  CHECK_THROWS_WITH(correct_prior(p, Array{1., 2.}, prior),
                    text + "seen must have shape (3), got float64(2)");
  CHECK_THROWS_WITH(correct_prior(p, prior, Array{1., -2., 1.}),
                    text + "actual[1] = -2 must be finite and >= 0");
  CHECK_THROWS_WITH(correct_prior(p, prior, Array{1., not_a_number, 1.}),
                    text + "actual[1] = nan must be finite and >= 0");
  CHECK_THROWS_WITH(correct_prior(p, prior, Array{0., 0., 0.}),
                    text + "expected actual with a sum above 0, got zeros");
  CHECK_THROWS_WITH(
      correct_prior(p, Array{1., 0., 1.}, prior),
      text + "seen[1] = 0: the probability of a class that training has not seen cannot be corrected");
  CHECK_THROWS_WITH(correct_prior(p, prior, Array{1., 0., 1.}),
                    text + "row 1 of probabilities is 0 for every class that `actual` allows");
  CHECK_THROWS_WITH(correct_prior(Array{{1., 2., 3.}}, prior, prior),
                    text + "row 0 of probabilities must be >= 0 and sum to 1, its sum is 6");
  CHECK_THROWS_WITH(correct_prior(Array{1, 2}, prior, prior),
                    text + "probabilities must be float32 or float64 (N, C), got int32(2)");
}

TEST_CASE("estimate_prior finds the frequencies of shifted data") {
  // Two Gaussians, at -1 and 1: the posterior under seen = (0.5, 0.5) is a sigmoid of 2 x.
  constexpr std::size_t count = 20000;
  random::Generator rng(5);
  const std::vector<double> noise = values(rng.normal({count}, 0, 1, Dtype::float64));
  std::vector<double> posterior;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = noise[i] + (i % 10 == 0 ? 1 : -1);  // one in ten is positive
    posterior.push_back(1 / (1 + std::exp(-2 * x)));
  }
  const Array seen = {0.5, 0.5};
  const std::vector<double> prior = values(estimate_prior(Array(posterior), seen));
  CHECK(prior[1] == Approx(0.1).margin(0.01));
  CHECK(prior[0] + prior[1] == Approx(1));
  // The estimate is a fixed point: the mean of the corrected probabilities.
  const std::vector<double> corrected = values(correct_prior(Array(posterior), seen, Array(prior)));
  double mean = 0;
  for (const double q : corrected) mean += q / count;
  CHECK(mean == Approx(prior[1]).margin(1e-7));
}

TEST_CASE("estimate_prior of certain rows counts them") {
  const Array certain = {{1., 0.}, {0., 1.}, {0., 1.}, {0., 1.}};
  check_close(values(estimate_prior(certain, Array{0.9, 0.1})), {0.25, 0.75}, 1e-15, 0);
  CHECK_THROWS_WITH(estimate_prior(Array::zeros({0, 2}), Array{1., 1.}),
                    "estimate_prior: expected at least one row, got float32(0, 2)");
}

TEST_CASE("estimate_prior stops when no frequency changes by more than the tolerance") {
  // From (0.5, 0.5) to (0.25, 0.75), and to (0.1, 0.9).
  const Array p = {{0.25, 0.75}}, seen = {0.5, 0.5};
  CHECK(values(estimate_prior(p, seen, {.tolerance = 0.25})) == std::vector<double>{0.25, 0.75});
  check_close(values(estimate_prior(p, seen, {.tolerance = 0.2})), {0.1, 0.9}, 1e-15, 0);
}

TEST_CASE("estimate_prior stops after max_iterations, 1000 where none are given") {
  // The odds of one row grow by those of the row in every iteration.
  const Array p = {{0.499, 0.501}}, seen = {0.5, 0.5};
  const auto after = [](double iterations) { return 1 / (1 + std::pow(0.499 / 0.501, iterations)); };
  for (const std::size_t iterations : {0, 1, 7})
    CHECK(values(estimate_prior(p, seen, {.max_iterations = iterations}))[1] ==
          Approx(after(static_cast<double>(iterations))).epsilon(1e-13));
  CHECK(values(estimate_prior(p, seen))[1] == Approx(after(1000)).epsilon(1e-10));
}

TEST_CASE("correct_prior takes a column, and clips what rounding brought outside [0, 1]") {
  const Array prior = {0.5, 0.5}, actual = {0.9, 0.1};
  const Array row = correct_prior(Array{0.2, 0.5}, prior, actual);
  const Array column = correct_prior(Array{{0.2}, {0.5}}, prior, actual);
  CHECK(column.shape() == Shape{2, 1});
  CHECK(values(column) == values(row));
  CHECK(values(correct_prior(Array{std::nextafter(1.f, 2.f)}, prior, actual)) == std::vector<double>{1});
  CHECK(values(correct_prior(Array{{-1e-8f, 1.f}}, prior, actual)) == std::vector<double>{0, 1});
}
