#include "tenbin/functions/math/trigonometric.h"

#include "tenbin/tests/functions/math/unary.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("sin and cos", "[gpu]") {
  check_unary(sin, std::sin, uniform({3, 5}, -7, 7));
  check_unary(cos, std::cos, uniform({3, 5}, -7, 7));
}

TEST_CASE("sin and cos at the edges", "[gpu]") {
  const double inf = INFINITY, nan = NAN;
  const Array x{0.0, inf, -inf, nan, 1e22};
  const double sine = -0.8522008497671888, cosine = 0.5232147853951389;  // of 1e22
  check_values(sin, x, {0, NAN, NAN, NAN, sine}, {1, NAN, NAN, NAN, cosine}, 1e-15);
  check_values(cos, x, {1, NAN, NAN, NAN, cosine}, {0, NAN, NAN, NAN, -sine}, 1e-15);
  CHECK_THROWS_WITH(sin(Array{1, 2}), "sin: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(cos(Array{1, 2}), "cos: x must be float32 or float64, got int32(2)");
}
