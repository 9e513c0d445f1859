#include "tenbin/functions/activation/hard_sigmoid.h"

#include <algorithm>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("hard_sigmoid", "[gpu]") {
  check_function({
      .inputs = {Array{{-2.0, -0.5, 0.25, -7.0}, {3.0, -2.4, 2.4, 0.0}}},
      .forward = [](const Variables& xs) { return hard_sigmoid(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = std::min(std::max(0.2 * v + 0.5, 0.), 1.);
            return y;
          },
  });
}

TEST_CASE("hard_sigmoid at the edges", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{-2.5f, 2.5f, -INFINITY, INFINITY, -0.f, std::nanf("")}.to(device));
    Variable y = hard_sigmoid(x);
    check_close(values(y.data()), {0, 1, 0, 1, 0.5, std::nan("")}, 0, 0);
    y.set_grad(Array::full({6}, 5, Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {0, 0, 0, 0, 1, 0}, 0, 0);
  });
  CHECK_THROWS_WITH(hard_sigmoid(Array{1, 2}), "hard_sigmoid: x must be float32 or float64, got int32(2)");
}
