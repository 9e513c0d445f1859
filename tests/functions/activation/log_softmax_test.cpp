#include "tenbin/functions/activation/log_softmax.h"

#include <cmath>
#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Without subtracting a maximum: the tests' logits are small.
std::vector<double> expected_log_softmax(const Array& array, std::size_t axis) {
  const auto x = values(array);
  std::vector<double> y(x.size());
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < array.ndim(); ++i) inner *= array.shape()[i];
  const std::size_t length = array.shape()[axis];
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i / inner % length != 0) continue;
    const std::size_t start = i;
    double sum = 0;
    for (std::size_t j = 0; j < length; ++j) sum += std::exp(x[start + j * inner]);
    for (std::size_t j = 0; j < length; ++j) y[start + j * inner] = x[start + j * inner] - std::log(sum);
  }
  return y;
}

// gy - exp(y) sum(gy) along the middle axis.
std::vector<double> expected_gradient(const std::vector<double>& y, const std::vector<double>& gy,
                                      const Shape& shape) {
  std::vector<double> sum(shape[0] * shape[2], 0.0);
  const auto line = [&](std::size_t i) { return i / (shape[1] * shape[2]) * shape[2] + i % shape[2]; };
  for (std::size_t i = 0; i < y.size(); ++i) sum[line(i)] += gy[i];
  std::vector<double> gx(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) gx[i] = gy[i] - std::exp(y[i]) * sum[line(i)];
  return gx;
}

}  // namespace

TEST_CASE("log_softmax", "[gpu]") {
  check_function({
      .inputs = {uniform({4, 3}, -3, 3)},
      .forward = [](const Variables& xs) { return log_softmax(xs[0]); },
      .expected = [](const Arrays& xs) { return expected_log_softmax(xs[0], 1); },
  });
}

TEST_CASE("log_softmax along any axis", "[gpu]") {
  for (const int axis : {0, 1, 2, -1, -2, -3}) {
    CAPTURE(axis);
    check_function({
        .inputs = {uniform({2, 3, 4}, -3, 3)},
        .forward = [=](const Variables& xs) { return log_softmax(xs[0], axis); },
        .expected =
            [=](const Arrays& xs) {
              return expected_log_softmax(xs[0], static_cast<std::size_t>((axis + 3) % 3));
            },
    });
  }
}

TEST_CASE("log_softmax is accurate for large logits", "[gpu]") {
  on_every_device([](Device device) {
    for (const float base : {0.f, 1e4f, 1e8f, -1e8f, 3e38f}) {
      CAPTURE(base);
      Variable x(Array{{base, base}}.to(device));
      Variable y = log_softmax(x);
      check_close(values(y.data()), {-std::log(2), -std::log(2)}, 0, 1e-7);
      y.set_grad(Array{{-1.f, 0.f}}.to(device));
      y.backward();
      check_close(values(x.grad()), {-0.5, 0.5}, 0, 1e-7);
    }
    check_close(values(log_softmax(Array{{1e4f, 0.f}}.to(device)).data()), {0, -1e4}, 0, 0);
  });
}

TEST_CASE("log_softmax of infinities and NaN", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    const double nan = std::nan("");
    Variable x(Array{{0.f, -inf, 0.f}, {-inf, 5.f, -inf}}.to(device));
    Variable y = log_softmax(x);
    check_close(values(y.data()), {-std::log(2), -inf, -std::log(2), -inf, 0, -inf}, 0, 1e-7);
    y.set_grad(Array{{-1.f, 0.f, 0.f}, {0.f, -1.f, 0.f}}.to(device));
    y.backward();
    check_close(values(x.grad()), {-0.5, 0, 0.5, 0, 0, 0}, 0, 1e-7);
    // An invalid row does not affect the next one.
    check_close(values(log_softmax(Array{{0.f, std::nanf("")}, {1.f, 1.f}}.to(device)).data()),
                {nan, nan, -std::log(2), -std::log(2)}, 0, 1e-7);
    check_close(values(log_softmax(Array{{-inf, -inf}, {inf, 0.f}}.to(device)).data()), {nan, nan, nan, nan},
                0, 0);
  });
}

TEST_CASE("log_softmax of lines of all lengths, interleaved or contiguous", "[gpu]") {
  on_every_device([](Device device) {
    for (const Shape& shape :
         {Shape{5, 1, 1}, Shape{300, 2, 1}, Shape{300, 5, 1}, Shape{33, 31, 1}, Shape{9, 65, 1},
          Shape{3, 1025, 1}, Shape{1500, 2, 1}, Shape{1500, 5, 1}, Shape{40, 1025, 1}, Shape{1, 100003, 1},
          Shape{1, 2000, 3}, Shape{2, 33, 31}, Shape{2, 33, 32}, Shape{3, 70, 100}, Shape{1, 3, 20000}}) {
      CAPTURE(shape);
      const Array x = uniform(shape, -3, 3);
      const Array gy = uniform(shape);
      const Variable leaf(x.to(device));
      Variable y = log_softmax(leaf);
      const auto expected = expected_log_softmax(x, 1);
      check_close(values(y.data()), expected, 1e-13, 1e-11);
      y.set_grad(gy.to(device));
      y.backward();
      check_close(values(leaf.grad()), expected_gradient(expected, values(gy), shape), 1e-13, 1e-11);
    }
  });
}

TEST_CASE("log_softmax of no elements", "[gpu]") {
  on_every_device([](Device device) {
    CHECK(log_softmax(Array::zeros({0, 3}).to(device)).shape() == Shape{0, 3});
    CHECK(log_softmax(Array::zeros({3, 0}).to(device)).shape() == Shape{3, 0});
    CHECK(log_softmax(Array::zeros({2, 3, 0}).to(device)).shape() == Shape{2, 3, 0});
  });
}

TEST_CASE("log_softmax refuses an invalid axis") {
  CHECK_THROWS_WITH(log_softmax(Array{{1, 2}}), "log_softmax: x must be float32 or float64, got int32(1, 2)");
  CHECK_THROWS_WITH(log_softmax(Array{1.f, 2.f}), "log_softmax: axis 1 is out of range for float32(2)");
  CHECK_THROWS_WITH(log_softmax(Array{{1.f}}, -3), "log_softmax: axis -3 is out of range for float32(1, 1)");
}

TEST_CASE("log_softmax keeps small terms beside a much larger element", "[gpu]") {
  on_every_device([](Device device) {
    for (const double gap : {10., 15., 17., 20.}) {
      for (const std::size_t n_class : {2u, 16u, 100u, 2000u}) {
        CAPTURE(gap, n_class);
        std::vector<float> x(n_class, 0);
        x[0] = static_cast<float>(gap);
        const double y = values(log_softmax(Array(x, {1, n_class}).to(device)).data())[0];
        CHECK(y == Approx(-std::log1p(static_cast<double>(n_class - 1) * std::exp(-gap))).epsilon(1e-6));
      }
    }
  });
}

TEST_CASE("log_softmax of an almost certain class keeps its digits", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64})
      for (const std::size_t n_class : {2u, 5u, 70u, 1500u})
        for (const int axis : {0, 1})
          for (const double gap : {10., 17.5, 32.5, 80.}) {
            CAPTURE(dtype, n_class, axis, gap);
            Array x = Array::full({n_class}, -gap, Dtype::float64);
            x.data<double>()[n_class / 2] = 0;
            const Shape shape = axis == 0 ? Shape{n_class, 1} : Shape{1, n_class};
            const auto y = values(log_softmax(x.astype(dtype).reshape(shape).to(device), axis).data());
            const double rest = static_cast<double>(n_class - 1) * std::exp(-gap);
            const double tolerance = dtype == Dtype::float32 ? 1e-6 : 1e-12;
            CHECK(y[n_class / 2] == Approx(-std::log1p(rest)).epsilon(tolerance));
          }
    const Array middle = Array::zeros({2, 2, 40});  // interleaved lines
    for (std::size_t k = 0; k < 40; ++k) {
      Array x = middle.copy();
      x.data<float>()[40 + k] = 32.5f;
      const auto y = values(log_softmax(x.to(device)).data());
      CHECK(y[40 + k] == Approx(-std::log1p(std::exp(-32.5))).epsilon(1e-6));
    }
  });
}
