#include "tenbin/functions/activation/relu.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("relu", "[gpu]") {
  check_function({
      .inputs = {Array{{-2.0, -0.5, 0.25}, {3.0, -1.5, 1.0}}},
      .forward = [](const Variables& xs) { return relu(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = std::max(v, 0.0);
            return y;
          },
  });
}

TEST_CASE("relu at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    Variable x(Array{0.f, -inf, inf, nan}.to(device));
    Variable y = relu(x);
    check_close(values(y.data()), {0, 0, inf, nan}, 0, 0);
    y.set_grad(Array::ones({4}, Dtype::float32, device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{0, 0, 1, 0});
  });
}

TEST_CASE("relu of arrays of no elements, less than a block of threads, and several blocks", "[gpu]") {
  for (const std::size_t size : {0u, 1u, 255u, 257u, 100003u}) {
    CAPTURE(size);
    const Array x = uniform({size});
    const Array gy = uniform({size});
    auto y = values(x);
    auto gx = values(gy);
    for (std::size_t i = 0; i < size; ++i) {
      gx[i] = y[i] > 0 ? gx[i] : 0;
      y[i] = std::max(y[i], 0.0);
    }
    on_every_device([&](Device device) {
      Variable input(x.to(device));
      Variable output = relu(input);
      output.set_grad(gy.to(device));
      output.backward();
      CHECK(values(output.data()) == y);
      CHECK(values(input.grad()) == gx);
    });
  }
}

TEST_CASE("relu refuses integers") {
  CHECK_THROWS_WITH(relu(Array{1, 2}), "relu: x must be float32 or float64, got int32(2)");
}

TEST_CASE("relu passes NaN on, but no gradient", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{std::nanf(""), 1.f}.to(device));
    Variable y = relu(x);
    CHECK(std::isnan(values(y.data())[0]));
    y.set_grad(Array{3.f, 4.f}.to(device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{0, 4});
  });
}
