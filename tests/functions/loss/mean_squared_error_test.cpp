#include "tenbin/functions/loss/mean_squared_error.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("mean_squared_error", "[gpu]") {
  for (const Shape& shape : {Shape{4, 3}, Shape{5}, Shape{}, Shape{2, 1, 3}}) {
    CAPTURE(shape);
    check_function({
        .inputs = {uniform(shape, -2, 2), uniform(shape, -2, 2)},
        .forward = [](const Variables& xs) { return mean_squared_error(xs[0], xs[1]); },
        .expected =
            [](const Arrays& xs) {
              const auto a = values(xs[0]);
              const auto b = values(xs[1]);
              double sum = 0;
              for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
              return std::vector<double>{sum / static_cast<double>(a.size())};
            },
    });
  }
}

TEST_CASE("mean_squared_error leaves a constant target without gradient", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 2.f}}.to(device));
    const Variable t(Array{{0.f, 4.f}}.to(device), false);
    Variable loss = mean_squared_error(x, t);
    loss.backward();
    CHECK(loss.item() == 2.5);
    CHECK(values(x.grad()) == std::vector<double>{1, -2});
    CHECK_FALSE(t.grad());
  });
}

TEST_CASE("mean_squared_error of nothing is 0", "[gpu]") {
  on_every_device([](Device device) {
    const Array none = Array::zeros({0, 3}, Dtype::float32, device);
    Variable x(none);
    Variable loss = mean_squared_error(x, none);
    CHECK(loss.item() == 0);
    loss.backward();
    CHECK(x.grad().shape() == Shape{0, 3});
  });
}

TEST_CASE("mean_squared_error of many elements adds up beyond the digits of float32", "[gpu]") {
  on_every_device([](Device device) {
    const Shape shape{2000000};
    const Variable loss = mean_squared_error(Array::full(shape, 0.1, Dtype::float32, device),
                                             Array::zeros(shape, Dtype::float32, device));
    CHECK(std::abs(loss.item() - 0.01) < 1e-9);
  });
}

TEST_CASE("mean_squared_error refuses inputs that differ") {
  const Array x = Array::zeros({2, 3});
  CHECK_THROWS_WITH(mean_squared_error(x, Array::zeros({2, 1})),
                    "mean_squared_error: x0 and x1 differ in shape: float32(2, 3) and float32(2, 1)");
  CHECK_THROWS_WITH(mean_squared_error(x, Array::zeros({2, 3}, Dtype::float64)),
                    "mean_squared_error: x0 and x1 differ in dtype: float32(2, 3) and float64(2, 3)");
  CHECK_THROWS_WITH(mean_squared_error(Array{1}, Array{1}),
                    "mean_squared_error: x0 must be float32 or float64, got int32(1)");
}

TEST_CASE("mean_squared_error is finite where its sum is not", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{1.5e19f, -1.5e19f, 1.5e19f}.to(device));
    Variable loss = mean_squared_error(x, Array::zeros({3}, Dtype::float32, device));
    loss.backward();
    CHECK(loss.item() == Approx(2.25e38));
    check_close(values(x.grad()), {1e19, -1e19, 1e19}, 0, 1e-6);
  });
  Variable x(Array{1.2e154, -1.2e154, 1.2e154});
  Variable loss = mean_squared_error(x, Array::zeros({3}, Dtype::float64));
  loss.backward();
  CHECK(loss.item() == Approx(1.44e308));
  check_close(values(x.grad()), {0.8e154, -0.8e154, 0.8e154}, 0, 1e-14);
  Array one_of_many = Array::zeros({1000}, Dtype::float64);
  one_of_many.data<double>()[7] = 1e155;  // its square alone is beyond the range
  CHECK(mean_squared_error(one_of_many, Array::zeros({1000}, Dtype::float64)).item() == Approx(1e307));
  CHECK(mean_squared_error(Array{1e200}, Array{0.}).item() == std::numeric_limits<double>::infinity());
}
