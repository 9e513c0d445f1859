// Reductions along one axis, and the repetition that is their gradient, in all shapes that the GPU code
// distinguishes: few and many rows and columns, short and long ones, and lengths around those of warps,
// blocks and chunks.
#include <limits>

#include "tenbin/functions/math/minmax.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const Shape shapes[] = {
    // rows
    {1, 1, 1},
    {3, 4, 1},
    {5, 31, 1},
    {300, 33, 1},
    {300, 257, 1},
    {2, 257, 1},
    {2, 1025, 1},
    {200, 1025, 1},
    {1, 4097, 1},
    {1, 100003, 1},
    // columns
    {1, 1, 2},
    {1, 20000, 3},
    {2, 2049, 4},
    {1, 20000, 5},
    {3, 257, 33},
    {2, 700, 65},
    {1, 3, 5000},
    // many results
    {1, 2, 65537},
    {30000, 3, 3},
    {70000, 1, 2},
};

// Integers: their sums are exact in double in any order.
std::vector<double> numbers(std::size_t count) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<double>(i * 7919 % 1021) - 510;
  return x;
}

// The middle axis of x, reduced with `initial` as first value.
template <class Op>
std::vector<double> folded(const std::vector<double>& x, const Shape& shape, double initial, Op op) {
  std::vector<double> y(shape[0] * shape[2], initial);
  for (std::size_t i = 0; i < x.size(); ++i) {
    double& result = y[i / (shape[1] * shape[2]) * shape[2] + i % shape[2]];
    result = op(result, x[i]);
  }
  return y;
}

}  // namespace

TEST_CASE("sums along the middle axis, rounded once", "[gpu]") {
  on_every_device([](Device device) {
    for (const Shape& shape : shapes) {
      CAPTURE(shape);
      const auto x = numbers(element_count(shape));
      auto expected = folded(x, shape, 0, [](double a, double b) { return a + b; });
      const Array array(x, shape);
      CHECK(values(sum(array.to(device), 1).data()) == expected);
      for (double& y : expected) y = static_cast<double>(static_cast<float>(y));
      CHECK(values(sum(array.astype(Dtype::float32).to(device), 1).data()) == expected);
    }
  });
}

TEST_CASE("maxima and minima along the middle axis, also beside a NaN", "[gpu]") {
  on_every_device([](Device device) {
    const double inf = std::numeric_limits<double>::infinity();
    std::size_t turn = 0;
    for (const Shape& shape : shapes) {
      auto x = numbers(element_count(shape));
      const auto check = [&](Dtype dtype) {
        const Array array = Array(x, shape).astype(dtype).to(device);
        check_close(values(max(array, 1).data()),
                    folded(x, shape, -inf, [](double a, double b) { return b > a || b != b ? b : a; }), 0, 0);
        check_close(values(min(array, 1).data()),
                    folded(x, shape, inf, [](double a, double b) { return b < a || b != b ? b : a; }), 0, 0);
      };
      CAPTURE(shape);
      check(Dtype::float64);
      const std::size_t places[] = {0, shape[1] / 2, shape[1] - 1};
      x[places[turn++ % 3] * shape[2] + shape[2] - 1] = std::nan("");
      check(Dtype::float32);
    }
  });
}

TEST_CASE("the gradient of a sum is repeated along the middle axis", "[gpu]") {
  on_every_device([](Device device) {
    for (const Shape& shape : shapes) {
      CAPTURE(shape);
      const auto gy = numbers(shape[0] * shape[2]);
      const Variable x(Array::zeros(shape, Dtype::float32, device));
      Variable y = sum(x, 1);
      y.set_grad(Array(gy, y.shape()).astype(Dtype::float32).to(device));
      y.backward();
      std::vector<double> expected(element_count(shape));
      for (std::size_t i = 0; i < expected.size(); ++i)
        expected[i] = gy[i / (shape[1] * shape[2]) * shape[2] + i % shape[2]];
      CHECK(values(x.grad()) == expected);
    }
  });
}

TEST_CASE("sums have the same bits in any order of threads", "[gpu]") {
  const Array x = uniform({3, 2100, 7});
  std::vector<std::vector<double>> first;
  on_every_device([&](Device device) {
    if (device.is_cpu()) return;
    std::vector<std::vector<double>> sums;
    for (const Axes& axes : {Axes(), Axes(0), Axes(1), Axes(2), Axes{0, 1}, Axes{1, 2}})
      sums.push_back(values(sum(x.to(device), {.axis = axes}).data()));
    if (first.empty()) first = sums;
    CHECK(sums == first);
  });
}
