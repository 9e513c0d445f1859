#include "tenbin/functions/activation/leaky_relu.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("leaky_relu", "[gpu]") {
  for (const double slope : {0.2, 0.0, -0.5, 1.5}) {
    CAPTURE(slope);
    check_function({
        .inputs = {Array{{-2.0, -0.5, 0.25}, {3.0, -1.5, 1.0}}},
        .forward = [=](const Variables& xs) { return leaky_relu(xs[0], slope); },
        .expected =
            [=](const Arrays& xs) {
              auto y = values(xs[0]);
              for (double& v : y) v = v > 0 ? v : slope * v;
              return y;
            },
    });
  }
}

TEST_CASE("leaky_relu has slope 0.2 by default, also for the gradient at 0", "[gpu]") {
  on_every_device([](Device device) {
    const double inf = std::numeric_limits<double>::infinity();
    Variable x(Array{-1.0, 0.0, -0.0, -inf, inf, std::nan("")}.to(device));
    Variable y = leaky_relu(x);
    check_close(values(y.data()), {-0.2, 0, 0, -inf, inf, std::nan("")}, 0, 0);
    y.set_grad(Array::ones({6}, Dtype::float64, device));
    y.backward();
    CHECK(std::signbit(values(y.data())[2]));
    CHECK(values(x.grad()) == std::vector<double>{0.2, 0.2, 0.2, 0.2, 1, 0.2});
  });
}

TEST_CASE("leaky_relu with a slope of NaN retains what backward needs", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{-2.0, 2.0}.to(device));
    Variable y = leaky_relu(x, std::nan(""));
    y.set_grad(Array::ones({2}, Dtype::float64, device));
    y.backward();
    check_close(values(y.data()), {std::nan(""), 2}, 0, 0);
    check_close(values(x.grad()), {std::nan(""), 1}, 0, 0);
  });
}

TEST_CASE("leaky_relu refuses integers") {
  CHECK_THROWS_WITH(leaky_relu(Array{1, 2}), "leaky_relu: x must be float32 or float64, got int32(2)");
}

TEST_CASE("leaky_relu with a negative slope depends on the sign of x, not of y", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{-2.0, 0.0, 2.0}.to(device));
    Variable y = leaky_relu(x, -0.5);
    CHECK(values(y.data()) == std::vector<double>{1, 0, 2});
    y.set_grad(Array::ones({3}, Dtype::float64, device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{-0.5, -0.5, 1});
  });
}
