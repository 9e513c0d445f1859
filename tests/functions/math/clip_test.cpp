#include "tenbin/functions/math/clip.h"

#include <algorithm>
#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("clip", "[gpu]") {
  check_function({
      .inputs = {Array{{-2.0, -0.5, 0.25}, {3.0, 0.75, 1.5}}},
      .forward = [](const Variables& xs) { return clip(xs[0], -1, 1); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = std::min(std::max(v, -1.), 1.);
            return y;
          },
  });
}

TEST_CASE("clip at the edges", "[gpu]") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto check = [](const Array& array, double low, double high, const std::vector<double>& expected,
                        const std::vector<double>& gradient) {
    on_every_device([&](Device device) {
      Variable x(array.to(device));
      Variable y = clip(x, low, high);
      check_close(values(y.data()), expected, 0, 0);
      y.set_grad(Array::full(y.shape(), 3, y.dtype(), device));
      y.backward();
      check_close(values(x.grad()), gradient, 0, 0);
    });
  };
  check(Array{-1.0, 1.0, -inf, inf, nan}, -1, 1, {-1, 1, -1, 1, nan}, {3, 3, 0, 0, 0});
  check(Array{-5.0, 0.5, 7.0}, -inf, 1, {-5, 0.5, 1}, {3, 3, 0});
  check(Array{1.0, 2.0, 3.0}, 2, 2, {2, 2, 2}, {0, 3, 0});
  check(Array{0.1f, 0.9f}, 0.1, 0.9, {0.1f, 0.9f}, {3, 3});  // the bounds are rounded to x's dtype
}

TEST_CASE("clip refuses bounds that are not an interval") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(clip(Array{1.f}, 2, 1), "clip: expected x_min <= x_max, got 2 and 1");
  CHECK_THROWS_WITH(clip(Array{1.f}, nan, 1), "clip: expected x_min <= x_max, got nan and 1");
  CHECK_THROWS_WITH(clip(Array{1}, 0, 1), "clip: x must be float32 or float64, got int32(1)");
}
