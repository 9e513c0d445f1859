#include "tenbin/functions/activation/maxout.h"

#include <algorithm>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("maxout", "[gpu]") {
  struct Row {
    Shape x;
    int pool_size;
    int axis;
    std::size_t inner;
  };
  const Row rows[] = {{{3, 6}, 2, 1, 1},    {{3, 6}, 6, -1, 1}, {{3, 4}, 1, 1, 1},
                      {{2, 4, 3}, 2, 1, 3}, {{4, 3}, 2, -2, 3}, {{2, 3, 4}, 4, 2, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.x, row.pool_size, row.axis);
    const auto size = static_cast<std::size_t>(row.pool_size);
    check_function({
        .inputs = {uniform(row.x)},
        .forward = [&](const Variables& xs) { return maxout(xs[0], row.pool_size, row.axis); },
        .expected =
            [&](const Arrays& xs) {
              const auto x = values(xs[0]);
              std::vector<double> y(x.size() / size, -INFINITY);
              for (std::size_t i = 0; i < x.size(); ++i) {
                double& largest = y[i / (size * row.inner) * row.inner + i % row.inner];
                largest = std::max(largest, x[i]);
              }
              return y;
            },
    });
  }
  CHECK(maxout(Array::zeros({4, 8, 2}, Dtype::float32), 2).shape() == Shape{4, 4, 2});
}

TEST_CASE("maxout passes the gradient to every entry that equals the maximum", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 1.f, 0.f, 2.f}}.to(device));
    Variable y = maxout(x, 2);
    y.set_grad(Array{{3.f, 5.f}}.to(device));
    y.backward();
    check_close(values(x.grad()), {3, 3, 0, 5}, 0, 0);
  });
}

TEST_CASE("maxout refuses groups that do not fit") {
  const Array x = Array::zeros({2, 5}, Dtype::float32);
  CHECK_THROWS_WITH(maxout(Array{{1, 2}}, 2), "maxout: x must be float32 or float64, got int32(1, 2)");
  CHECK_THROWS_WITH(maxout(x, 0), "maxout: pool_size must be positive, got 0");
  CHECK_THROWS_WITH(maxout(x, 2), "maxout: pool_size 2 must divide the length of axis 1, got float32(2, 5)");
  CHECK_THROWS_WITH(maxout(x, 2, -1),
                    "maxout: pool_size 2 must divide the length of axis 1, got float32(2, 5)");
  CHECK_THROWS_WITH(maxout(x, 1, 2), "maxout: axis 2 is out of range for float32(2, 5)");
  CHECK_THROWS_WITH(maxout(x, 1, -3), "maxout: axis -3 is out of range for float32(2, 5)");
}
