// cpu::map_lines: a formula for every line.
#include "tenbin/cpu/lines.h"

#include <vector>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/core/shapes.h"

using namespace tenbin;
using namespace tenbin::testing;

TEMPLATE_TEST_CASE("map_lines gives the formula every line of every array", "", float, double) {
  using T = TestType;
  // y[j] = x[j] - scale[j] * the first element of the line, which is exact.
  const auto formula = [](auto* y, const auto* x, const auto* scale, std::size_t length, std::size_t stride) {
    for (std::size_t j = 0; j < length; ++j) y[j * stride] = x[j * stride] - scale[j * stride] * x[0];
  };
  for (const Shape& shape : shapes_of_lines) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      CAPTURE(shape, axis);
      const std::size_t size = element_count(shape);
      std::vector<T> x(size), scale(size), expected(size);
      for (std::size_t i = 0; i < size; ++i) {
        x[i] = static_cast<T>(i + 1);
        scale[i] = static_cast<T>(i % 3) / 2;
      }
      for (std::size_t i = 0; i < size; ++i) {
        Shape first = unravel_index(i, shape);
        first[axis] = 0;
        expected[i] = x[i] - scale[i] * x[position_of(first, shape)];
      }
      const Array y = cpu::map_lines(formula, lines_along(shape, axis), Array(x).reshape(shape),
                                     Array(scale).reshape(shape));
      CHECK(y.shape() == shape);
      CHECK(y.template to_vector<T>() == expected);
    }
  }
}

TEST_CASE("map_lines calls the formula for lines of length 0, and never if there are no lines") {
  std::size_t calls = 0;
  const auto count = [&](auto*, const auto*, std::size_t length, std::size_t) {
    CHECK(length == 0);
    ++calls;
  };
  CHECK(cpu::map_lines(count, lines_along({0, 3}, 0), Array::zeros({0, 3})).shape() == Shape{0, 3});
  CHECK(calls == 3);
  CHECK(cpu::map_lines(count, lines_along({0, 3}, 1), Array::zeros({0, 3})).shape() == Shape{0, 3});
  CHECK(calls == 3);
  CHECK_THROWS_WITH(cpu::map_lines(count, lines_along({0}, 0), Array::zeros({0}, Dtype::int32)),
                    "expected float32 or float64, got int32");
}
