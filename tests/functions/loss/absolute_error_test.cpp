#include "tenbin/functions/loss/absolute_error.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> errors(const Arrays& xs) {
  auto y = values(xs[0]);
  const auto b = values(xs[1]);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::abs(y[i] - b[i]);
  return y;
}

}  // namespace

TEST_CASE("absolute_error", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 4}, -2, 2), uniform({3, 4}, -2, 2)},
      .forward = [](const Variables& xs) { return absolute_error(xs[0], xs[1]); },
      .expected = errors,
  });
}

TEST_CASE("mean_absolute_error", "[gpu]") {
  check_function({
      .inputs = {uniform({3, 4, 2}, -2, 2), uniform({3, 4, 2}, -2, 2)},
      .forward = [](const Variables& xs) { return mean_absolute_error(xs[0], xs[1]); },
      .expected =
          [](const Arrays& xs) {
            double sum = 0;
            for (const double error : errors(xs)) sum += error;
            return std::vector<double>{sum / static_cast<double>(xs[0].size())};
          },
  });
  on_every_device([](Device device) {
    const Array none = Array::empty({0, 3}, Dtype::float32, device);
    CHECK(mean_absolute_error(none, none).item() == 0);
    const Array large = Array{3e38f, 3e38f}.to(device);  // the sum is not finite, the mean is
    CHECK(mean_absolute_error(large, Array::zeros({2}, Dtype::float32, device)).item<float>() == 3e38f);
  });
}

TEST_CASE("absolute_error has no gradient where its inputs are equal", "[gpu]") {
  on_every_device([](Device device) {
    Variable x0(Array{1.f, 2.f, NAN, INFINITY}.to(device));
    Variable x1(Array{1.f, 3.f, 1.f, 1.f}.to(device));
    Variable y = absolute_error(x0, x1);
    check_close(values(y.data()), {0, 1, NAN, INFINITY}, 0, 0);
    y.set_grad(Array::full({4}, 3, Dtype::float32, device));
    y.backward();
    check_close(values(x0.grad()), {0, -3, 0, 3}, 0, 0);
    check_close(values(x1.grad()), {0, 3, 0, -3}, 0, 0);
  });
}

TEST_CASE("absolute errors name themselves and their arguments") {
  const Array x = Array::zeros({2, 1}, Dtype::float32);
  CHECK_THROWS_WITH(absolute_error(Array{1}, x),
                    "absolute_error: x0 must be float32 or float64, got int32(1)");
  CHECK_THROWS_WITH(absolute_error(x, Array{1.0}),
                    "absolute_error: x0 and x1 differ in dtype: float32(2, 1) and float64(1)");
  CHECK_THROWS_WITH(mean_absolute_error(x, Array{1.f, 2.f}),
                    "mean_absolute_error: x0 and x1 differ in shape: float32(2, 1) and float32(2)");
}
