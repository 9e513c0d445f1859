#include "tenbin/functions/activation/sigmoid.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("sigmoid", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 5}, -4, 4)},
      .forward = [](const Variables& xs) { return sigmoid(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = 1 / (1 + std::exp(-v));
            return y;
          },
  });
}

TEST_CASE("sigmoid at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    Variable x(Array{0.f, -0.f, 1e4f, -1e4f, inf, -inf, std::nanf("")}.to(device));
    Variable y = sigmoid(x);
    check_close(values(y.data()), {0.5, 0.5, 1, 0, 1, 0, std::nan("")}, 0, 0);
    y.set_grad(Array::ones({7}, Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {0.25, 0.25, 0, 0, 0, 0, std::nan("")}, 0, 0);
  });
}

TEST_CASE("sigmoid keeps its digits far below 0", "[gpu]") {
  on_every_device([](Device device) {
    // Computed as tanh(x / 2) / 2 + 1 / 2 it would be 0 below -18 in float32.
    check_close(values(sigmoid(Array{-50.f}.to(device)).data()), {1.9287498479639178e-22}, 0, 1e-6);
    check_close(values(sigmoid(Array{-500.0}.to(device)).data()), {7.124576406741285e-218}, 0, 1e-14);
  });
}

TEST_CASE("sigmoid refuses integers") {
  CHECK_THROWS_WITH(sigmoid(Array{1, 2}), "sigmoid: x must be float32 or float64, got int32(2)");
}
