#include "tenbin/examples/common/statistics.h"

#include <cmath>

#include "tenbin/examples/common/table.h"
#include "tenbin/tests/catch.h"

using namespace tenbin::examples;

TEST_CASE("mean and standard deviation") {
  CHECK(mean({1, 2, 6}) == 3);
  CHECK(standard_deviation({1, 2, 6}) == Approx(std::sqrt(7)));
  CHECK(standard_deviation({4}) == 0);
  CHECK(mean_and_spread({2, 4, 9}, 2) == "5.00 +- 3.61");
  CHECK(mean_and_spread({7}, 1) == "7.0");
}
