// cpu::map: a formula of every element.
#include "tenbin/cpu/elementwise.h"

#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEMPLATE_TEST_CASE("map applies the formula to every element, whatever their number", "", float, double) {
  using T = TestType;
  for (const std::size_t size : {0u, 1u, 2u, 7u, 8u, 63u, 1001u, 300001u}) {
    CAPTURE(size);
    std::vector<T> a(size), b(size), c(size), expected(size);
    for (std::size_t i = 0; i < size; ++i) {
      const auto value = static_cast<T>(i % 1001);
      a[i] = value / 8;
      b[i] = static_cast<T>(3) - value;
      c[i] = static_cast<T>(i % 5);
      expected[i] = a[i] * b[i] - c[i];  // exact
    }
    const Array x(a), y(b), z(c);
    const Array out = cpu::map([](auto p, auto q, auto r) { return p * q - r; }, x, y, z);
    CHECK(out.dtype() == dtype_of<T>);
    CHECK(out.to_vector<T>() == expected);
    CHECK(x.to_vector<T>() == a);
    CHECK_FALSE(out.shares_memory_with(x));
  }
}

TEST_CASE("map keeps the shape, also of scalars and of arrays without elements") {
  const auto twice = [](auto x) { return 2 * x; };
  for (const Shape& shape : {Shape{}, Shape{3, 1, 5}, Shape{0, 4}, Shape{2, 0}})
    CHECK(cpu::map(twice, Array::ones(shape)).shape() == shape);
  CHECK(cpu::map(twice, Array::scalar(1.5)).item() == 3);
}

TEST_CASE("map calls the formula with the type of the elements, and rounds what it returns to it") {
  const auto third = [](auto x) {
    STATIC_REQUIRE(std::is_floating_point_v<decltype(x)>);
    return 1.0 / 3 * static_cast<double>(x);
  };
  CHECK(cpu::map(third, Array{1.f}).item<float>() == static_cast<float>(1.0 / 3));
  CHECK(cpu::map(third, Array{1.0}).item() == 1.0 / 3);
  CHECK_THROWS_WITH(cpu::map(third, Array{1}), "expected float32 or float64, got int32");
}

TEST_CASE("map passes NaN, infinities and -0 to the formula as they are") {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Array y = cpu::map([](auto x) { return -x; }, Array{inf, -inf, nan, 0.0, -0.0});
  const auto values = y.to_vector<double>();
  CHECK(values[0] == -inf);
  CHECK(values[1] == inf);
  CHECK(std::isnan(values[2]));
  CHECK(std::signbit(values[3]));
  CHECK_FALSE(std::signbit(values[4]));
}

TEST_CASE("map_last takes the memory of its last array if no other array shares it") {
  const auto gradient = [](auto y, auto gy) { return y > 0 ? gy : 0 * gy; };
  const std::size_t size = GENERATE(as<std::size_t>(), 0, 1, 5, 300000);
  const Array y = random::Generator(1).normal({size});
  const Array expected = cpu::map(gradient, y, Array::ones({size}));

  const Array own = Array::ones({size});
  const void* const memory = size == 0 ? nullptr : own.raw_data();
  const Array reused = cpu::map_last(gradient, own, y);
  CHECK(reused.to_vector<float>() == expected.to_vector<float>());
  if (size > 0) CHECK(reused.raw_data() == memory);

  const Array shared = Array::ones({size});
  const Array other = shared;
  CHECK(cpu::map_last(gradient, shared, y).to_vector<float>() == expected.to_vector<float>());
  CHECK(other.to_vector<float>() == std::vector<float>(size, 1.f));

  const Array rows = Array::ones({2, size});  // a view does not own the memory
  CHECK(cpu::map_last(gradient, rows.slice(0, 1).reshape({size}), y).to_vector<float>() ==
        expected.to_vector<float>());
  CHECK(rows.to_vector<float>() == std::vector<float>(2 * size, 1.f));
}

TEST_CASE("backward changes no array that its caller still has") {
  Variable x(Array{-1.f, 2.f, 3.f});
  Variable y = relu(x);
  const Array gy = Array{1.f, 1.f, 1.f};
  y.set_grad(gy);
  y.backward();
  CHECK(gy.to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(y.grad().to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(x.grad().to_vector<float>() == std::vector<float>{0, 1, 1});
  Variable z = relu(relu(x));
  z.set_grad(gy);
  z.backward(true);  // keeps the gradients in between
  CHECK(z.grad().to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(x.grad().to_vector<float>() == std::vector<float>{0, 2, 2});
}
