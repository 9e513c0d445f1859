#include "tenbin/functions/math/exponential.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double NaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> map(const Array& x, double (*f)(double)) {
  auto y = values(x);
  for (double& v : y) v = f(v);
  return y;
}

}  // namespace

TEST_CASE("exp", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 5}, -2, 2)},
      .forward = [](const Variables& xs) { return exp(xs[0]); },
      .expected = [](const Arrays& xs) { return map(xs[0], std::exp); },
  });
  on_every_device([](Device device) {
    const Array x = Array{-inf, 0.0, inf, NaN, 710.0}.to(device);
    check_close(values(exp(x).data()), {0, 1, inf, NaN, inf}, 0, 0);
  });
  CHECK_THROWS_WITH(exp(Array{1, 2}), "exp: x must be float32 or float64, got int32(2)");
}

TEST_CASE("log", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 5}, 0.5, 2)},
      .forward = [](const Variables& xs) { return log(xs[0]); },
      .expected = [](const Arrays& xs) { return map(xs[0], std::log); },
  });
  on_every_device([](Device device) {
    Variable x(Array{0.0, -1.0, inf, NaN}.to(device));
    Variable y = log(x);
    check_close(values(y.data()), {-inf, NaN, inf, NaN}, 0, 0);
    y.set_grad(Array::ones({4}, Dtype::float64, device));
    y.backward();
    check_close(values(x.grad()), {inf, -1, 0, NaN}, 0, 0);
  });
  CHECK_THROWS_WITH(log(Array{1, 2}), "log: x must be float32 or float64, got int32(2)");
}
