#include "tenbin/functions/activation/clipped_relu.h"

#include <algorithm>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("clipped_relu", "[gpu]") {
  struct Row {
    std::function<Variable(const Variable&)> f;
    double z;
  };
  const Row rows[] = {{[](const Variable& x) { return clipped_relu(x); }, 20},
                      {[](const Variable& x) { return clipped_relu(x, 0.5); }, 0.5},
                      {relu6, 6}};
  for (const Row& row : rows) {
    CAPTURE(row.z);
    check_function({
        .inputs = {Array{{-2.0, 0.25, 5.5, -7.0}, {25.0, -1.5, 1.0, 6.5}}},
        .forward = [&](const Variables& xs) { return row.f(xs[0]); },
        .expected =
            [&](const Arrays& xs) {
              auto y = values(xs[0]);
              for (double& v : y) v = std::min(std::max(v, 0.), row.z);
              return y;
            },
    });
  }
}

TEST_CASE("clipped_relu at the edges", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{0.f, -0.f, 3.f, 3.5f, -INFINITY, INFINITY, std::nanf("")}.to(device));
    Variable y = clipped_relu(x, 3);
    check_close(values(y.data()), {0, 0, 3, 3, 0, 3, std::nan("")}, 0, 0);
    y.set_grad(Array::ones({7}, Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {0, 0, 0, 0, 0, 0, 0}, 0, 0);
  });
}

TEST_CASE("clipped_relu refuses integers and bounds that are not positive") {
  CHECK_THROWS_WITH(clipped_relu(Array{1, 2}), "clipped_relu: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(relu6(Array{1, 2}), "relu6: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(clipped_relu(Array{1.f}, 0), "clipped_relu: z must be positive, got 0");
  CHECK_THROWS_WITH(clipped_relu(Array{1.f}, NAN), "clipped_relu: z must be positive, got nan");
}
