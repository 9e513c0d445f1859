#include "tenbin/functions/activation/swish.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

double exact(double x, double beta) { return x / (1 + std::exp(-beta * x)); }

}  // namespace

TEST_CASE("swish", "[gpu]") {
  for (const double beta : {1.0, 0.3, -2.0, 0.0}) {
    CAPTURE(beta);
    check_function({
        .inputs = {Array{{-2.0, -0.5, 0.25, -7.0}, {3.0, -1.5, 0.0, 12.0}}},
        .forward = [=](const Variables& xs) { return swish(xs[0], beta); },
        .expected =
            [=](const Arrays& xs) {
              auto y = values(xs[0]);
              for (double& v : y) v = exact(v, beta);
              return y;
            },
    });
  }
  CHECK(swish(Array{2.0}).item() == Approx(exact(2, 1)));
}

TEST_CASE("swish with a beta that is trained", "[gpu]") {
  struct Row {
    Shape x, beta;
    std::size_t inner;
  };
  const Row rows[] = {{{3, 4}, {}, 1}, {{3, 4}, {4}, 1}, {{2, 3, 4}, {3}, 4}};
  for (const Row& row : rows) {
    CAPTURE(row.x, row.beta);
    check_function({
        .inputs = {uniform(row.x, -3, 3), uniform(row.beta, 0.5, 2)},
        .forward = [](const Variables& xs) { return swish(xs[0], xs[1]); },
        .expected =
            [&](const Arrays& xs) {
              auto y = values(xs[0]);
              const auto beta = values(xs[1]);
              for (std::size_t i = 0; i < y.size(); ++i)
                y[i] = exact(y[i], beta[i / row.inner % beta.size()]);
              return y;
            },
    });
  }
}

TEST_CASE("swish at the edges", "[gpu]") {
  const double inf = INFINITY;
  on_every_device([&](Device device) {
    const auto check = [&](const Array& array) {
      Variable x(array.to(device));
      const Variable beta(Array::ones({}, array.dtype(), device));
      for (Variable y : {swish(x), swish(x, beta)}) {
        check_close(values(y.data()), {0, 0, INFINITY, 0, 1e30, NAN}, 0, 1e-7);
        x.cleargrad();
        y.set_grad(Array::ones({6}, y.dtype(), device));
        y.backward();
        check_close(values(x.grad()), {0.5, 0, 1, 0, 1, NAN}, 0, 0);
      }
    };
    check(Array{-0.f, -INFINITY, INFINITY, -1e30f, 1e30f, std::nanf("")});
    check(Array{-0.0, -inf, inf, -1e30, 1e30, std::nan("")});

    // Without the digits of 1 - sigmoid(16), its gradient would be 5% off in float32.
    const Variable beta(Array::ones({}, Dtype::float32, device));
    Variable y = swish(Array{16.f, -INFINITY, INFINITY}.to(device), beta);
    y.set_grad(Array::ones({3}, Dtype::float32, device));
    y.backward();
    check_close(values(beta.grad()), {16 * 16 * std::exp(-16.0) / std::pow(1 + std::exp(-16.0), 2)}, 0, 1e-5);
  });
}

TEST_CASE("swish refuses a beta that does not fit") {
  const Array x = Array::zeros({2, 3}, Dtype::float32);
  CHECK_THROWS_WITH(swish(Array{1, 2}), "swish: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(swish(x, Array{1.0}), "swish: x and beta differ in dtype: float32(2, 3) and float64(1)");
  CHECK_THROWS_WITH(
      swish(x, Array{1.f, 2.f}),
      "swish: beta must have the lengths of x along axes 1, 2, ..., got float32(2) for float32(2, 3)");
}
