#include "tenbin/functions/math/hyperbolic.h"

#include "tenbin/tests/functions/math/unary.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("sinh and cosh", "[gpu]") {
  check_unary(sinh, std::sinh, uniform({3, 5}, -3, 3));
  check_unary(cosh, std::cosh, uniform({3, 5}, -3, 3));
}

TEST_CASE("sinh and cosh at the edges", "[gpu]") {
  // exp(89) overflows in float32, exp(89) / 2 does not.
  const double large = std::sinh(89.0);
  const Array x{0.f, INFINITY, -INFINITY, NAN, 1e-10f, 89.f, -89.f};
  const double small = 1e-10f;
  check_values(sinh, x, {0, INFINITY, -INFINITY, NAN, small, large, -large},
               {1, INFINITY, INFINITY, NAN, 1, large, large}, 1e-6);
  check_values(cosh, x, {1, INFINITY, INFINITY, NAN, 1, large, large},
               {0, INFINITY, -INFINITY, NAN, small, large, -large}, 1e-6);
  CHECK_THROWS_WITH(sinh(Array{1, 2}), "sinh: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(cosh(Array{1, 2}), "cosh: x must be float32 or float64, got int32(2)");
}
