#include "tenbin/functions/activation/selu.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double alpha = 1.6732632423543772, scale = 1.0507009873554805;

}  // namespace

TEST_CASE("selu", "[gpu]") {
  check_function({
      .inputs = {Array{{-2.0, -0.5, 0.25, -7.0}, {3.0, -1.5, 1.0, 0.1}}},
      .forward = [](const Variables& xs) { return selu(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = scale * (v < 0 ? alpha * (std::exp(v) - 1) : v);
            return y;
          },
  });
  check_function({
      .inputs = {Array{-2.0, 0.5}},
      .forward = [](const Variables& xs) { return selu(xs[0], 3, 0.5); },
      .expected =
          [](const Arrays& xs) {
            const auto x = values(xs[0]);
            return std::vector<double>{0.5 * 3 * (std::exp(x[0]) - 1), 0.5 * x[1]};
          },
  });
}

TEST_CASE("selu at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const double inf = std::numeric_limits<double>::infinity();
    Variable x(Array{0.0, -inf, inf, -1e-12, std::nan("")}.to(device));
    Variable y = selu(x);
    check_close(values(y.data()), {0, -scale * alpha, inf, -scale * alpha * (1e-12 - 5e-25), std::nan("")}, 0,
                1e-15);
    y.set_grad(Array::ones({5}, Dtype::float64, device));
    y.backward();
    check_close(values(x.grad()), {scale * alpha, 0, scale, scale * alpha * (1 - 1e-12), NAN}, 0, 1e-15);
  });
  CHECK_THROWS_WITH(selu(Array{1, 2}), "selu: x must be float32 or float64, got int32(2)");
}

TEST_CASE("selu keeps the mean and the variance of standard normal numbers", "[gpu]") {
  random::Generator generator(1);
  const auto y = values(selu(generator.normal({200000}, 0, 1, Dtype::float64)).data());
  double sum = 0, squares = 0;
  for (const double v : y) sum += v, squares += v * v;
  CHECK(sum / static_cast<double>(y.size()) == Approx(0).margin(0.01));
  CHECK(squares / static_cast<double>(y.size()) == Approx(1).margin(0.02));
}
