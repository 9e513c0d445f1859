#include "tenbin/functions/math/logsumexp.h"

#include <limits>

#include "tenbin/tests/functions/math/reductions.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("logsumexp", "[gpu]") {
  check_reduction(
      uniform({2, 3, 4}, -2, 2),
      [](const Variable& x, const ReductionOptions& options) { return logsumexp(x, options); },
      [](const std::vector<double>& xs) {
        double y = 0;
        for (const double x : xs) y += std::exp(x);
        return std::log(y);
      });
}

TEST_CASE("logsumexp neither overflows nor loses its gradient", "[gpu]") {
  on_every_device([](Device device) {
    for (const float offset : {1e8f, -1e8f, 3e38f}) {
      Variable x(Array{{offset, offset}, {offset, 0.f}}.to(device));
      Variable y = logsumexp(x, 1);
      // log 2 is smaller than their last digit
      check_close(values(y.data()), {offset, std::max(offset, 0.f)}, 0, 0);
      y.set_grad(Array{1.f, 1.f}.to(device));
      y.backward();
      const double first = offset > 0 ? 1 : 0;
      CHECK(values(x.grad()) == std::vector<double>{0.5, 0.5, first, 1 - first});
    }
  });
}

TEST_CASE("logsumexp keeps the logarithm beside a large offset", "[gpu]") {
  on_every_device([](Device device) {
    const Variable y = logsumexp(Variable(Array{{1e4f, 1e4f}}.to(device)), 1);
    check_close(values(y.data()), {10000.693}, 0, 1e-7);
  });
}

TEST_CASE("logsumexp: beside an infinity no other element has a gradient", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{std::numeric_limits<float>::infinity(), 1.f, 100.f}}.to(device));
    Variable y = logsumexp(x, 1);
    y.backward();
    CHECK(x.grad().slice(0, 1).to_vector<float>()[1] == 0);
    CHECK(x.grad().slice(0, 1).to_vector<float>()[2] == 0);
  });
}

TEST_CASE("logsumexp of infinities and NaN", "[gpu]") {
  on_every_device([](Device device) {
    const double inf = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Variable x(Array{{-inf, -inf}, {-inf, 2.0}, {inf, 2.0}, {nan, 2.0}}.to(device));
    Variable y = logsumexp(x, 1);
    check_close(values(y.data()), {-inf, 2, inf, nan}, 0, 0);
    y.set_grad(Array{1.0, 1.0, 1.0, 1.0}.to(device));
    y.backward();
    check_close(values(x.grad().slice(0, 2)), {0, 0, 0, 1}, 0, 0);
  });
}

TEST_CASE("logsumexp of no elements is -inf", "[gpu]") {
  on_every_device([](Device device) {
    const Variable x(Array::zeros({0, 2}).to(device));
    for (const double y : values(logsumexp(x, 0).data()))
      CHECK(y == -std::numeric_limits<double>::infinity());
    CHECK(logsumexp(x, 1).shape() == Shape{0});
  });
}

TEST_CASE("logsumexp refuses axes that do not exist") {
  CHECK_THROWS_WITH(logsumexp(Array::zeros({2, 3}), 2),
                    "logsumexp: axis 2 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(logsumexp(Array{1, 2}), "logsumexp: x must be float32 or float64, got int32(2)");
}

TEST_CASE("logsumexp is accurate near 0", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      const double tolerance = dtype == Dtype::float32 ? 1e-6 : 1e-14;
      const auto of = [&](const Array& x, const ReductionOptions& options) {
        return values(logsumexp(x.astype(dtype).to(device), options).data());
      };
      const Array x = {{0., -32.5, -33.}, {-80., 0., -80.}};
      const double first = std::log1p(std::exp(-32.5) + std::exp(-33.)),
                   second = std::log1p(2 * std::exp(-80.));
      const auto rows = of(x, {.axis = 1});
      CHECK(rows[0] == Approx(first).epsilon(tolerance));
      CHECK(rows[1] == Approx(second).epsilon(tolerance));
      CHECK(of(x, {.axis = 0})[0] == Approx(std::log1p(std::exp(-80.))).epsilon(tolerance));
      CHECK(of(x, {})[0] == Approx(std::log(2.)));  // two elements are the maximum
      CHECK(of(Array{0., -32.5}.reshape({1, 2, 1}), {.axis = {0, 2}}) == std::vector<double>{0, -32.5});
      CHECK(of(Array{0., -32.5}.reshape({2, 1, 1}), {.axis = {0, 2}})[0] ==
            Approx(std::log1p(std::exp(-32.5))).epsilon(tolerance));
    }
  });
}
