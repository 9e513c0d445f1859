#include "tenbin/functions/activation/softplus.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("softplus", "[gpu]") {
  for (const double beta : {1.0, 3.0, -0.5}) {
    CAPTURE(beta);
    check_function({
        .inputs = {uniform({3, 5}, -4, 4)},
        .forward = [=](const Variables& xs) { return softplus(xs[0], beta); },
        .expected =
            [=](const Arrays& xs) {
              auto y = values(xs[0]);
              for (double& v : y) v = std::log(1 + std::exp(beta * v)) / beta;
              return y;
            },
    });
  }
}

TEST_CASE("softplus at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    Variable x(Array{0.f, 1e4f, -1e4f, inf, -inf, std::nanf("")}.to(device));
    Variable y = softplus(x);
    check_close(values(y.data()), {std::log(2), 1e4, 0, inf, 0, std::nan("")}, 0, 1e-7);
    y.set_grad(Array::ones({6}, Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {0.5, 1, 0, 1, 0, std::nan("")}, 0, 1e-7);
  });
}

TEST_CASE("softplus and its gradient keep their digits far below 0", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{-50.f}.to(device));
    Variable y = softplus(x);
    y.backward();
    check_close(values(y.data()), {1.9287498479639178e-22}, 0, 1e-6);
    check_close(values(x.grad()), {1.9287498479639178e-22}, 0, 1e-6);
  });
}

TEST_CASE("softplus refuses integers and a beta that it cannot divide by") {
  CHECK_THROWS_WITH(softplus(Array{1, 2}), "softplus: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(softplus(Array{1.f}, 0), "softplus: beta must be finite and not 0, got 0");
  CHECK_THROWS_WITH(softplus(Array{1.f}, INFINITY), "softplus: beta must be finite and not 0, got inf");
}

TEST_CASE("softplus does not overflow, whatever beta is", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array{1e38f, 3e38f, -3e38f}.to(device);
    check_close(values(softplus(x, 10).data()), {1e38, 3e38, 0}, 0, 1e-6);
    check_close(values(softplus(x, -10).data()), {0, 0, -3e38}, 0, 1e-6);
  });
  CHECK_THROWS_WITH(softplus(Variable(Array{1.f}), 1e-50),
                    "softplus: beta must not round to 0 in float32, got 1e-50");
}
