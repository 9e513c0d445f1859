#include "tenbin/functions/math/average.h"

#include <cmath>
#include <limits>

#include "tenbin/functions/math/sum.h"
#include "tenbin/tests/functions/math/reductions.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("mean", "[gpu]") {
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

TEST_CASE("the mean of nothing", "[gpu]") {
  on_every_device([](Device device) {
    const Variable x(Array::zeros({0, 2}).to(device));
    CHECK(std::isnan(mean(x).item()));
    for (const double v : values(mean(x, 0).data())) CHECK(std::isnan(v));
    CHECK(mean(x, 1).shape() == Shape{0});
  });
}

TEST_CASE("average with a weight for each index of an axis", "[gpu]") {
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

TEST_CASE("average along the first of two equal axes takes the weights along that axis", "[gpu]") {
  on_every_device([](Device device) {
    const Variable x(Array{{1.f, 2.f}, {3.f, 6.f}}.to(device));
    const Array weights = Array{3.f, 1.f}.to(device);
    CHECK(values(average(x, {.axis = 0, .weights = weights}).data()) == std::vector<double>{1.5, 3});
    CHECK(values(average(x, {.axis = 1, .weights = weights}).data()) == std::vector<double>{1.25, 3.75});
    CHECK(average(x, {.axis = 0, .weights = weights, .keepdims = true}).shape() == Shape{1, 2});
  });
}

TEST_CASE("average with a weight for each element", "[gpu]") {
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

namespace {

struct Averaged {
  std::vector<double> y, gx, gweights;
};

Averaged averaged(const Array& x, const Array& weights, const Axes& axis = {}) {
  Variable vx(x), vw(weights);
  Variable y = average(vx, {.axis = axis, .weights = vw});
  y.set_grad(Array::ones(y.shape(), y.dtype(), y.data().device()));
  y.backward();
  return {values(y.data()), values(vx.grad()), values(vw.grad())};
}

}  // namespace

TEST_CASE("the mean of float32 is finite where its sum is not", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{3e38f, 1.f}, {2e38f, 2.f}, {1e38f, 6.f}}.to(device));
    check_close(values(mean(x, 0).data()), {2e38, 3}, 0, 1e-7);
    check_close(values(mean(x, 1).data()), {1.5e38, 1e38, 0.5e38}, 0, 1e-7);
    Variable y = mean(x);
    y.backward();
    CHECK(y.item() == Approx(1e38));
    check_close(values(x.grad()), std::vector<double>(6, 1. / 6), 0, 1e-6);
    // Axes that are not adjacent, long columns, and a row that needs several blocks.
    CHECK(values(mean(Variable(Array::full({3, 2, 3}, 3e38f).to(device)), {.axis = {0, 2}}).data()) ==
          std::vector<double>(2, 3e38f));
    CHECK(values(mean(Variable(Array::full({5000, 3}, 3e38f).to(device)), 0).data()) ==
          std::vector<double>(3, 3e38f));
    CHECK(mean(Variable(Array::full({100000}, 3e38f).to(device))).item() == 3e38f);
  });
}

TEST_CASE("the mean of float32 is rounded once", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array{16777216.f, 1.f, 1.f, 1.f, 0.f}.to(device);
    CHECK(mean(Variable(x)).item() == static_cast<float>(16777219. / 5));
    const Array repeated = Array{{{16777216.f, 1.f}}, {{1.f, 1.f}}, {{0.f, 3.f}}}.to(device);
    CHECK(values(mean(Variable(repeated), {.axis = {0, 2}}).data()) ==
          std::vector<double>{static_cast<float>(16777222. / 6)});
  });
}

TEST_CASE("the mean of float64 is finite where its sum is not") {
  const double most = std::numeric_limits<double>::max(), inf = std::numeric_limits<double>::infinity();
  Variable x(Array{{1.5e308, 1e-300, inf, most, 4.9e-324},
                   {1.7e308, 3e-300, 1., most, 4.9e-324},
                   {1.3e308, 5e-300, 1., most, 4.9e-324}});
  Variable y = mean(x, 0);
  const auto m = values(y.data());
  CHECK(m[0] == Approx(1.5e308));
  CHECK(m[1] == (1e-300 + 3e-300 + 5e-300) / 3);  // the same bits as without its neighbours
  CHECK(m[2] == inf);
  CHECK(m[3] == most);
  CHECK(m[4] == 4.9e-324);
  y.set_grad(Array::ones({5}, Dtype::float64));
  y.backward();
  check_close(values(x.grad()), std::vector<double>(15, 1. / 3), 0, 1e-15);

  CHECK(mean(Variable(Array{1e308, 1e308, -1e308, 1.5e308, -1e307})).item() == Approx(0.48e308));
  CHECK(mean(Variable(Array::full({1000003}, -most, Dtype::float64))).item() == Approx(-most));
  CHECK(std::isnan(mean(Variable(Array{inf, -inf})).item()));
  CHECK(sum(Variable(Array{1e308, 1e308})).item() == inf);
  check_close(
      values(mean(Variable(Array::full({3, 2, 3}, 1.6e308, Dtype::float64)), {.axis = {0, 2}}).data()),
      {1.6e308, 1.6e308}, 0, 1e-15);
}

TEST_CASE("a weighted average of float32 is finite where its sums and products are not", "[gpu]") {
  on_every_device([](Device device) {
    const Averaged products = averaged(Array{1e30f, 3e30f}.to(device), Array{1e30f, 1e30f}.to(device));
    check_close(products.y, {2e30}, 0, 1e-6);
    check_close(products.gx, {0.5, 0.5}, 0, 1e-6);
    check_close(products.gweights, {-0.5, 0.5}, 0, 1e-6);
    const Averaged sums =
        averaged(Array{{1.f, 2.f}, {5.f, 4.f}}.to(device), Array{3e38f, 1e38f}.to(device), 0);
    check_close(sums.y, {2, 2.5}, 0, 1e-6);
    check_close(sums.gx, {0.75, 0.75, 0.25, 0.25}, 0, 1e-6);
    check_close(sums.gweights, {-1.5 / 4e38, 4.5 / 4e38}, 2e-45, 1e-6);
  });
}

TEST_CASE("a weighted average of float64 is finite where its sums and products are not") {
  const Averaged products = averaged(Array{1e200, 3e200}, Array{1e200, 1e200});
  check_close(products.y, {2e200}, 0, 1e-14);
  check_close(products.gx, {0.5, 0.5}, 0, 1e-14);
  check_close(products.gweights, {-0.5, 0.5}, 0, 1e-14);

  const Averaged sums = averaged(Array{1e308, -1e308, 1e308}, Array{1.5e308, 1.5e308, 1.5e308});
  check_close(sums.y, {1e308 / 3}, 0, 1e-14);
  check_close(sums.gx, std::vector<double>(3, 1. / 3), 0, 1e-14);
  check_close(sums.gweights, {4. / 27, -8. / 27, 4. / 27}, 0, 1e-14);

  // A column whose weights have an infinite sum, beside one of ordinary weights, which keeps its bits.
  const Array x{{1., 0.3}, {3., 0.7}};
  const Averaged beside = averaged(x, Array{{1.7e308, 0.1}, {1.7e308, 0.2}}, 0);
  const Averaged alone = averaged(x, Array{{1., 0.1}, {1., 0.2}}, 0);
  CHECK(beside.y == alone.y);
  CHECK(beside.gx == alone.gx);
  CHECK(beside.gweights[1] == alone.gweights[1]);
  check_close({beside.gweights[0]}, {-0.5 / 1.7e308}, 1e-323, 1e-14);

  // Weights so small that the inverse of their sum is infinite.
  const Averaged small = averaged(Array{1., 3.}, Array{1e-310, 1e-310});
  check_close(small.y, {2}, 0, 1e-12);
  check_close(small.gx, {0.5, 0.5}, 0, 1e-12);

  const double inf = std::numeric_limits<double>::infinity();
  CHECK(averaged(Array{inf, 1.}, Array{1., 1.}).y[0] == inf);
  CHECK(std::isnan(averaged(Array{1., 2.}, Array{0., 0.}).y[0]));
}
