#include "tenbin/calibration/temperature_scaling.h"

#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Labels drawn from softmax(z), and the logits of a model that is overconfident by this factor.
struct Sample {
  Array logits, t;
};

Sample sample(std::size_t count, std::size_t n_class, double overconfidence, std::uint64_t seed) {
  random::Generator rng(seed);
  std::vector<double> z = values(rng.normal({count, n_class}, 0, 2, Dtype::float64));
  const std::vector<double> u = values(rng.uniform({count}, 0, 1, Dtype::float64));
  std::vector<std::int64_t> t;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < n_class; ++c) sum += std::exp(z[i * n_class + c]);
    double left = u[i] * sum;
    std::size_t label = 0;
    while (label + 1 < n_class && (left -= std::exp(z[i * n_class + label])) > 0) ++label;
    t.push_back(static_cast<std::int64_t>(label));
  }
  for (double& value : z) value *= overconfidence;
  return {Array(z, {count, n_class}), Array(t)};
}

double loss_at(const Sample& s, double temperature) {
  return softmax_cross_entropy(Variable(s.logits) / temperature, s.t).item();
}

}  // namespace

TEST_CASE("TemperatureScaling recovers the overconfidence of a model") {
  for (const double overconfidence : {0.1, 1.0, 5.0, 50.0}) {
    const Sample s = sample(4000, 4, overconfidence, 1);
    const double temperature = TemperatureScaling().fit(s.logits, s.t).temperature();
    CHECK(temperature == Approx(overconfidence).epsilon(0.05));
    // It is a minimum of the loss.
    CHECK(loss_at(s, temperature) <= loss_at(s, temperature * 1.001));
    CHECK(loss_at(s, temperature) <= loss_at(s, temperature / 1.001));
  }
}

TEST_CASE("TemperatureScaling keeps the order of the classes") {
  const Sample s = sample(500, 5, 3, 2);
  TemperatureScaling scaling;
  const Array p = scaling.fit(s.logits, s.t).transform(s.logits);
  CHECK(values(argmax(p)) == values(argmax(s.logits)));
  const std::vector<double> rows = values(p);
  for (std::size_t i = 0; i < 500; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < 5; ++c) sum += rows[5 * i + c];
    CHECK(sum == Approx(1).epsilon(1e-14));
  }
}

TEST_CASE("TemperatureScaling does not depend on the scale and the offset of the logits") {
  const Sample s = sample(300, 3, 1, 3);
  const double temperature = TemperatureScaling().fit(s.logits, s.t).temperature();
  const Array shifted = (Variable(s.logits) * 8 + 1000).data();
  CHECK(TemperatureScaling().fit(shifted, s.t).temperature() == Approx(8 * temperature).epsilon(1e-9));
  const Array single = s.logits.astype(Dtype::float32);
  TemperatureScaling scaling;
  CHECK(scaling.fit(single, s.t).temperature() == Approx(temperature).epsilon(1e-5));
  CHECK(scaling.transform(single).dtype() == Dtype::float32);
}

TEST_CASE("TemperatureScaling where the likelihood has no maximum stays within its bounds") {
  const Array right = {{5., 0.}, {0., 3.}, {2., 0.}};
  const Array t = {0, 1, 0};
  CHECK(TemperatureScaling().fit(right, t).temperature() == 0.01);
  CHECK(TemperatureScaling({.min_temperature = 0.5}).fit(right, t).temperature() == 0.5);
  CHECK(TemperatureScaling().fit(right, Array{1, 0, 1}).temperature() == 100);
  CHECK(TemperatureScaling().fit(Array{{1e8, 0.}, {0., 1e8}}, Array{0, 1}).temperature() == 1);
  // Logits that are not related to the labels.
  CHECK(TemperatureScaling().fit(Array{{2., 2.}, {7., 7.}}, Array{0, 1}).temperature() == 1);
  CHECK(TemperatureScaling().fit(Array{{2.}, {7.}}, Array{0, 0}).temperature() == 1);
  // Right in nine of ten rows, with any margin: finite, although exp of the margin is not.
  const double most = std::numeric_limits<double>::max();
  CHECK(TemperatureScaling().fit(Array{{most, -most}, {-most, most}}, Array{0, 0}).temperature() == 100);
}

TEST_CASE("TemperatureScaling: weights repeat rows, ignored rows have no effect") {
  const Array logits = {{2., 0., 1.}, {0., 3., 1.}, {1., 2., 0.}, {3., 1., 1.}};
  const Array repeated = {{2., 0., 1.}, {2., 0., 1.}, {0., 3., 1.}, {3., 1., 1.}};
  const double expected = TemperatureScaling().fit(repeated, Array{0, 0, 1, 2}).temperature();
  CHECK(expected > 0.1);
  CHECK(expected < 10);
  CHECK(TemperatureScaling()
            .fit(logits, Array{0, 1, 2, 2}, {.sample_weight = Array{2., 1., 0., 1.}})
            .temperature() == Approx(expected).epsilon(1e-10));
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const Array ignored = {{2., 0., 1.}, {2., 0., 1.}, {0., 3., 1.}, {not_a_number, 2., 0.}, {3., 1., 1.}};
  CHECK(TemperatureScaling({.ignore_label = 9}).fit(ignored, Array{0, 0, 1, 9, 2}).temperature() ==
        Approx(expected).epsilon(1e-10));
}

TEST_CASE("TemperatureScaling: errors, which leave the temperature as it was") {
  const std::string text = "TemperatureScaling::fit: ";
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const std::string signs = "t has the labels -1 and 1 only";
  TemperatureScaling scaling;
  CHECK_THROWS_WITH(scaling.transform(Array{{1., 2.}}), "TemperatureScaling: expected a call of fit first");
  scaling.fit(Array{{3., 0.}, {0., 1.}, {2., 0.}}, Array{0, 1, 1});
  const double temperature = scaling.temperature();
  CHECK_THROWS_WITH(scaling.fit(Array{{1., 2.}, {not_a_number, 0.}}, Array{0, 1}),
                    text + "logits[1, 0] = nan is not finite");
  CHECK_THROWS_WITH(scaling.fit(Array{{1., 2.}}, Array{2}), text + "t[0] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(scaling.fit(Array{{1., 2.}}, Array{0, 1}),
                    text + "logits and t differ in length: float64(1, 2) and int32(2)");
  CHECK_THROWS_WITH(scaling.fit(Array{{1., 2.}}, Array{-1}),
                    text + "expected a row with a label and a weight above 0, got float64(1, 2)");
  CHECK_THROWS_WITH(scaling.fit(Array::zeros({0, 3}), Array::zeros({0}, Dtype::int64)),
                    text + "expected a row with a label and a weight above 0, got float32(0, 3)");
  CHECK_THROWS_WITH(scaling.fit(Array{1., 2.}, Array{0, 1}),
                    text +
                        "logits must be float32 or float64 (N, C), got float64(2); for one column z, of a "
                        "sigmoid, pass (N, 2): 0, z");
  CHECK_THROWS_WITH(scaling.fit(Array{{1., 2.}, {0., 1.}}, Array{1, -1}), ContainsSubstring(text + signs));
  CHECK(scaling.temperature() == temperature);
  CHECK_THROWS_WITH(
      TemperatureScaling({.min_temperature = 0}),
      "TemperatureScaling: expected 0 < min_temperature <= max_temperature < inf, got 0 and 100");
}
