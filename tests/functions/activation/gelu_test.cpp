#include "tenbin/functions/activation/gelu.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("gelu", "[gpu]") {
  check_function({
      .inputs = {Array{{-2.0, -0.5, 0.0, -4.0}, {3.0, -0.75, 1.0, 0.1}}},
      .forward = [](const Variables& xs) { return gelu(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = v * (1 + std::erf(v / std::sqrt(2))) / 2;
            return y;
          },
  });
}

TEST_CASE("gelu at the edges", "[gpu]") {
  const double inf = INFINITY;
  on_every_device([&](Device device) {
    const auto check = [&](const Array& array) {
      Variable x(array.to(device));
      Variable y = gelu(x);
      check_close(values(y.data()), {0, 0, inf, 0, 1e30, std::nan("")}, 0, 1e-7);
      y.set_grad(Array::ones({6}, y.dtype(), device));
      y.backward();
      check_close(values(x.grad()), {0.5, 0, 1, 0, 1, std::nan("")}, 0, 0);
    };
    check(Array{0.f, -INFINITY, INFINITY, -1e30f, 1e30f, std::nanf("")});
    check(Array{0.0, -inf, inf, -1e30, 1e30, std::nan("")});
  });
}

TEST_CASE("gelu keeps its digits far below 0", "[gpu]") {
  // x P(Z <= x) and its derivative at -10 and -30, by mpmath with 50 digits.
  on_every_device([](Device device) {
    Variable x(Array{-10.0, -30.0}.to(device));
    Variable y = gelu(x);
    check_close(values(y.data()), {-7.6198530241605261e-23, -1.4720141781444561e-196}, 0, 1e-12);
    y.set_grad(Array::ones({2}, Dtype::float64, device));
    y.backward();
    check_close(values(x.grad()), {-7.6184000964648141e-22, -4.4160316907084944e-195}, 0, 1e-12);
  });
}

TEST_CASE("gelu refuses integers") {
  CHECK_THROWS_WITH(gelu(Array{1, 2}), "gelu: x must be float32 or float64, got int32(2)");
}
