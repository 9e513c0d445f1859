#include "tenbin/functions/math/average.h"

#include "tenbin/tests/functions/math/reductions.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("mean") {
  check_reduction(
      uniform({2, 3, 4}), [](const Variable& x, const ReductionOptions& options) { return mean(x, options); },
      [](const std::vector<double>& xs) {
        double y = 0;
        for (const double x : xs) y += x;
        return y / static_cast<double>(xs.size());
      },
      true);  // the mean of nothing is NaN
  const Variable x(Array{{1.f, 2.f}, {3.f, 6.f}});
  CHECK(mean(x).item() == 3);
  CHECK(values(mean(x, 0).data()) == std::vector<double>{2, 4});
  CHECK(mean(x, 1, true).shape() == Shape{2, 1});
  CHECK(values(average(x, {.axis = 1}).data()) == std::vector<double>{1.5, 4.5});
  CHECK(average(x).item() == 3);
}

TEST_CASE("the mean of nothing") {
  on_every_device([](Device device) {
    const Variable x(Array::zeros({0, 2}).to(device));
    CHECK(std::isnan(mean(x).item()));
    for (const double v : values(mean(x, 0).data())) CHECK(std::isnan(v));
    CHECK(mean(x, 1).shape() == Shape{0});
  });
}

TEST_CASE("average with a weight for each position of an axis") {
  check_function({
      .inputs = {uniform({2, 3, 2}), uniform({3}, 0.5, 2)},
      .forward = [](const Variables& xs) { return average(xs[0], {.axis = -2, .weights = xs[1]}); },
      .expected =
          [](const Arrays& xs) {
            const auto x = values(xs[0]);
            const auto w = values(xs[1]);
            std::vector<double> y;
            for (std::size_t i = 0; i < 2; ++i)
              for (std::size_t k = 0; k < 2; ++k)
                y.push_back((w[0] * x[i * 6 + k] + w[1] * x[i * 6 + 2 + k] + w[2] * x[i * 6 + 4 + k]) /
                            (w[0] + w[1] + w[2]));
            return y;
          },
  });
}

TEST_CASE("average along the first of two equal axes takes the weights along that axis") {
  on_every_device([](Device device) {
    const Variable x(Array{{1.f, 2.f}, {3.f, 6.f}}.to(device));
    const Array weights = Array{3.f, 1.f}.to(device);
    CHECK(values(average(x, {.axis = 0, .weights = weights}).data()) == std::vector<double>{1.5, 3});
    CHECK(values(average(x, {.axis = 1, .weights = weights}).data()) == std::vector<double>{1.25, 3.75});
    CHECK(average(x, {.axis = 0, .weights = weights, .keepdims = true}).shape() == Shape{1, 2});
  });
}

TEST_CASE("average with a weight for each element") {
  check_function({
      .inputs = {uniform({2, 3}), uniform({2, 3}, 0.5, 2)},
      .forward = [](const Variables& xs) { return average(xs[0], {.weights = xs[1]}); },
      .expected =
          [](const Arrays& xs) {
            const auto x = values(xs[0]);
            const auto w = values(xs[1]);
            double total = 0;
            double weight = 0;
            for (std::size_t i = 0; i < 6; ++i) {
              total += w[i] * x[i];
              weight += w[i];
            }
            return std::vector<double>{total / weight};
          },
      .skip_empty_batch = true,
  });
}

TEST_CASE("average refuses weights that do not fit") {
  const Variable x(Array::zeros({2, 3}));
  CHECK_THROWS_WITH(average(x, {.axis = 1, .weights = Array{1.f, 2.f}}),
                    "average: weights must have the shape of x or the length of its one axis, got float32(2) "
                    "for float32(2, 3)");
  CHECK_THROWS_WITH(average(x, {.weights = Array{1.f, 2.f, 3.f}}),
                    "average: weights must have the shape of x or the length of its one axis, got float32(3) "
                    "for float32(2, 3)");
  CHECK_THROWS_WITH(average(x, {.axis = 0, .weights = Array{1.0, 2.0}}),
                    "average: x and weights differ in dtype: float32(2, 3) and float64(2)");
  CHECK_THROWS_WITH(mean(x, 2), "mean: axis 2 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(mean(Array{1, 2}), "mean: x must be float32 or float64, got int32(2)");
}
