#include "tenbin/functions/math/maximum_minimum.h"

#include <algorithm>
#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

void check_gradients(Variable (*function)(const Variable&, const Variable&), const Array& a, const Array& b,
                     const std::vector<double>& y, const std::vector<double>& ga,
                     const std::vector<double>& gb) {
  on_every_device([&](Device device) {
    const Variable x0(a.to(device));
    const Variable x1(b.to(device));
    Variable out = function(x0, x1);
    check_close(values(out.data()), y, 0, 0);
    out.set_grad(Array::ones(out.shape(), out.dtype(), device));
    out.backward();
    CHECK(values(x0.grad()) == ga);
    CHECK(values(x1.grad()) == gb);
  });
}

}  // namespace

TEST_CASE("maximum and minimum", "[gpu]") {
  const Array a{{-2.0, 0.5}, {1.5, 3.0}};
  const Array b{{1.0, 0.25}, {2.5, -4.0}};
  const Array row{0.75, 1.25};
  for (const Array& other : {b, row}) {
    const auto expected = [](double (*f)(double, double)) {
      return [f](const Arrays& xs) {
        auto y = values(xs[0]);
        const auto z = values(xs[1]);
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = f(y[i], z[i % z.size()]);
        return y;
      };
    };
    check_function({
        .inputs = {a, other},
        .forward = [](const Variables& xs) { return maximum(xs[0], xs[1]); },
        .expected = expected([](double x, double y) { return std::max(x, y); }),
        .skip_empty_batch = other.ndim() == 1,  // its 2 is not the length of the batch
    });
    check_function({
        .inputs = {a, other},
        .forward = [](const Variables& xs) { return minimum(xs[0], xs[1]); },
        .expected = expected([](double x, double y) { return std::min(x, y); }),
        .skip_empty_batch = other.ndim() == 1,
    });
  }
}

TEST_CASE("on ties the gradient goes to the first argument", "[gpu]") {
  check_gradients(maximum, Array{1.0, 0.0, -0.0}, Array{1.0, 2.0, 0.0}, {1, 2, 0}, {1, 0, 1}, {0, 1, 0});
  check_gradients(minimum, Array{1.0, 3.0, -0.0}, Array{1.0, 2.0, 0.0}, {1, 2, 0}, {1, 0, 1}, {0, 1, 0});
}

TEST_CASE("a NaN is the maximum and the minimum", "[gpu]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  check_gradients(maximum, Array{nan, 1.0, nan}, Array{1.0, nan, nan}, {nan, nan, nan}, {1, 0, 1}, {0, 1, 0});
  check_gradients(minimum, Array{nan, 1.0, nan}, Array{1.0, nan, nan}, {nan, nan, nan}, {1, 0, 1}, {0, 1, 0});
}

TEST_CASE("maximum and minimum refuse what does not fit") {
  CHECK_THROWS_WITH(maximum(Array{1.f}, Array{1.0}),
                    "maximum: a and b differ in dtype: float32(1) and float64(1)");
  CHECK_THROWS_WITH(minimum(Array{1.f, 2.f}, Array{1.f, 2.f, 3.f}),
                    "minimum: a and b do not broadcast: float32(2) and float32(3)");
  CHECK_THROWS_WITH(maximum(Array{1.f}, Array{1}), "maximum: b must be float32 or float64, got int32(1)");
  CHECK_THROWS_WITH(minimum(Array{1}, Array{1}), "minimum: a must be float32 or float64, got int32(1)");
}
