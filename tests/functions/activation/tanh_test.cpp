#include "tenbin/functions/activation/tanh.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("tanh", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 5}, -3, 3)},
      .forward = [](const Variables& xs) { return tanh(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = 1 - 2 / (std::exp(2 * v) + 1);
            return y;
          },
  });
}

TEST_CASE("tanh at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    Variable x(Array{0.f, -0.f, 1e4f, -1e4f, inf, -inf, std::nanf(""), 1e-30f}.to(device));
    Variable y = tanh(x);
    check_close(values(y.data()), {0, 0, 1, -1, 1, -1, std::nan(""), static_cast<double>(1e-30f)}, 0, 0);
    CHECK(std::signbit(values(y.data())[1]));
    y.set_grad(Array::ones({8}, Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {1, 1, 0, 0, 0, 0, std::nan(""), 1}, 0, 0);
  });
}

TEST_CASE("tanh refuses integers") {
  CHECK_THROWS_WITH(tanh(Array{1, 2}), "tanh: x must be float32 or float64, got int32(2)");
}
