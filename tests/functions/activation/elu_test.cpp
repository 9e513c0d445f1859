#include "tenbin/functions/activation/elu.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("elu", "[gpu]") {
  for (const double alpha : {1.0, 0.3, -0.5}) {
    CAPTURE(alpha);
    check_function({
        .inputs = {Array{{-2.0, -0.5, 0.25, -7.0}, {3.0, -1.5, 1.0, 0.1}}},
        .forward = [=](const Variables& xs) { return elu(xs[0], alpha); },
        .expected =
            [=](const Arrays& xs) {
              auto y = values(xs[0]);
              for (double& v : y)
                if (v < 0) v = alpha * (std::exp(v) - 1);
              return y;
            },
    });
  }
}

TEST_CASE("elu at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    Variable x(Array{0.f, -inf, inf, -1000.f, std::nanf("")}.to(device));
    Variable y = elu(x, 2);
    check_close(values(y.data()), {0, -2, inf, -2, std::nan("")}, 0, 0);
    y.set_grad(Array::ones({5}, Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {1, 0, 1, 0, 1}, 0, 0);
  });
}

TEST_CASE("elu and its gradient keep their digits near 0 and far below it", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{-1e-12, -40.0}.to(device));
    Variable y = elu(x);
    check_close(values(y.data()), {-9.999999999995e-13, -1}, 0, 1e-15);
    y.set_grad(Array::ones({2}, Dtype::float64, device));
    y.backward();
    check_close(values(x.grad()), {1 - 1e-12, 4.248354255291589e-18}, 0, 1e-14);
  });
}

TEST_CASE("elu refuses integers", "[gpu]") {
  CHECK_THROWS_WITH(elu(Array{1, 2}), "elu: x must be float32 or float64, got int32(2)");
}
