#include "tenbin/functions/math/sqrt.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("sqrt", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 5}, 0.5, 2)},
      .forward = [](const Variables& xs) { return sqrt(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = std::sqrt(v);
            return y;
          },
  });
}

TEST_CASE("sqrt at the edges", "[gpu]") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  on_every_device([=](Device device) {
    Variable x(Array{0.0, -1.0, inf, nan}.to(device));
    Variable y = sqrt(x);
    check_close(values(y.data()), {0, nan, inf, nan}, 0, 0);
    y.set_grad(Array::ones({4}, Dtype::float64, device));
    y.backward();
    check_close(values(x.grad()), {inf, nan, 0, nan}, 0, 0);
  });
  CHECK_THROWS_WITH(sqrt(Array{1, 2}), "sqrt: x must be float32 or float64, got int32(2)");
}
