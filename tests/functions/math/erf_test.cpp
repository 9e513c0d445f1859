#include "tenbin/functions/math/erf.h"

#include "tenbin/tests/functions/math/unary.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("erf", "[gpu]") { check_unary(erf, std::erf, uniform({3, 5}, -3, 3)); }

TEST_CASE("erf at the edges", "[gpu]") {
  const double inf = INFINITY, nan = NAN, slope = 2 / std::sqrt(std::acos(-1.0));
  check_values(erf, Array{0.0, inf, -inf, nan, 1e-10, 1e200, -6.0}, {0, 1, -1, NAN, slope * 1e-10, 1, -1},
               {slope, 0, 0, NAN, slope, 0, slope * std::exp(-36.0)}, 1e-14);
  check_values(erf, Array{INFINITY, -1e30f}, {1, -1}, {0, 0});
  CHECK_THROWS_WITH(erf(Array{1, 2}), "erf: x must be float32 or float64, got int32(2)");
}
