#include "tenbin/functions/activation/softmax.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Without subtracting a maximum: the tests' logits are small.
std::vector<double> expected_softmax(const Array& array, std::size_t axis) {
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
    for (std::size_t j = 0; j < length; ++j) y[start + j * inner] = std::exp(x[start + j * inner]) / sum;
  }
  return y;
}

// y (gy - sum(gy y)) along the middle axis.
std::vector<double> expected_gradient(const std::vector<double>& y, const std::vector<double>& gy,
                                      const Shape& shape) {
  std::vector<double> mean(shape[0] * shape[2], 0.0);
  const auto line = [&](std::size_t i) { return i / (shape[1] * shape[2]) * shape[2] + i % shape[2]; };
  for (std::size_t i = 0; i < y.size(); ++i) mean[line(i)] += gy[i] * y[i];
  std::vector<double> gx(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) gx[i] = y[i] * (gy[i] - mean[line(i)]);
  return gx;
}

}  // namespace

TEST_CASE("softmax", "[gpu]") {
  check_function({
      .inputs = {uniform({4, 3}, -3, 3)},
      .forward = [](const Variables& xs) { return softmax(xs[0]); },
      .expected = [](const Arrays& xs) { return expected_softmax(xs[0], 1); },
  });
}

TEST_CASE("softmax along any axis", "[gpu]") {
  for (const int axis : {0, 1, 2, -1, -2, -3}) {
    CAPTURE(axis);
    check_function({
        .inputs = {uniform({2, 3, 4}, -3, 3)},
        .forward = [=](const Variables& xs) { return softmax(xs[0], axis); },
        .expected =
            [=](const Arrays& xs) {
              return expected_softmax(xs[0], static_cast<std::size_t>((axis + 3) % 3));
            },
    });
  }
}

TEST_CASE("softmax of extreme logits", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    const double nan = std::nan("");
    Variable x(Array{{3e38f, 3e38f, -3e38f}, {0.f, -inf, 0.f}, {-1e8f, -inf, -inf}}.to(device));
    Variable y = softmax(x);
    CHECK(values(y.data()) == std::vector<double>{0.5, 0.5, 0, 0.5, 0, 0.5, 1, 0, 0});
    y.set_grad(Array{{1.f, 0.f, 0.f}, {1.f, 5.f, 0.f}, {7.f, 1.f, 1.f}}.to(device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{0.25, -0.25, 0, 0.25, 0, -0.25, 0, 0, 0});
    // An invalid row does not affect the next one.
    check_close(values(softmax(Array{{0.f, std::nanf("")}, {1.f, 1.f}}.to(device)).data()),
                {nan, nan, 0.5, 0.5}, 0, 0);
    check_close(values(softmax(Array{{-inf, -inf}, {inf, 0.f}}.to(device)).data()), {nan, nan, nan, nan}, 0,
                0);
  });
}

TEST_CASE("softmax of many classes sums to 1", "[gpu]") {
  on_every_device([](Device device) {
    const Variable y = softmax(uniform({1, 100000}).astype(Dtype::float32).to(device));
    double sum = 0;
    for (const double v : values(y.data())) sum += v;
    CHECK(std::abs(sum - 1) < 1e-7);
  });
}

TEST_CASE("softmax of lines of all lengths, interleaved or contiguous", "[gpu]") {
  on_every_device([](Device device) {
    for (const Shape& shape : {Shape{5, 1, 1}, Shape{300, 2, 1}, Shape{300, 5, 1}, Shape{33, 31, 1},
                               Shape{9, 65, 1}, Shape{3, 1025, 1}, Shape{1, 100003, 1}, Shape{1, 2000, 3},
                               Shape{2, 33, 31}, Shape{2, 33, 32}, Shape{3, 70, 100}, Shape{1, 3, 20000}}) {
      CAPTURE(shape);
      const Array x = uniform(shape, -3, 3);
      const Array gy = uniform(shape);
      const Variable leaf(x.to(device));
      Variable y = softmax(leaf);
      const auto expected = expected_softmax(x, 1);
      check_close(values(y.data()), expected, 1e-13, 1e-11);
      y.set_grad(gy.to(device));
      y.backward();
      check_close(values(leaf.grad()), expected_gradient(expected, values(gy), shape), 1e-13, 1e-11);
    }
  });
}

TEST_CASE("softmax of no elements", "[gpu]") {
  on_every_device([](Device device) {
    CHECK(softmax(Array::zeros({0, 3}).to(device)).shape() == Shape{0, 3});
    CHECK(softmax(Array::zeros({3, 0}).to(device)).shape() == Shape{3, 0});
    CHECK(softmax(Array::zeros({2, 3, 0}).to(device)).shape() == Shape{2, 3, 0});
  });
}

TEST_CASE("softmax refuses an invalid axis") {
  CHECK_THROWS_WITH(softmax(Array{{1, 2}}), "softmax: x must be float32 or float64, got int32(1, 2)");
  CHECK_THROWS_WITH(softmax(Array{1.f, 2.f}), "softmax: axis 1 is out of range for float32(2)");
  CHECK_THROWS_WITH(softmax(Array{{1.f}}, -3), "softmax: axis -3 is out of range for float32(1, 1)");
}
