#include "tenbin/functions/math/square.h"

#include "tenbin/tests/functions/math/unary.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("square", "[gpu]") {
  check_unary(
      square, [](double x) { return x * x; }, uniform({3, 5}, -3, 3));
  check_values(square, Array{0.f, -INFINITY, NAN, 1e30f}, {0, INFINITY, NAN, INFINITY},
               {0, -INFINITY, NAN, 2e30f});
  CHECK_THROWS_WITH(square(Array{1, 2}), "square: x must be float32 or float64, got int32(2)");
}
