#include "tenbin/datasets/statistics.h"

#include <cmath>

#include "tenbin/tests/catch.h"

using tenbin::detail::mean;
using tenbin::detail::standard_deviation;

TEST_CASE("the standard deviation of a population divides by N, of a sample by N - 1") {
  const std::vector<double> values = {2, 4, 4, 4, 5, 5, 7, 9};
  CHECK(mean(values) == 5);
  CHECK(standard_deviation(values, 0) == 2);
  CHECK(standard_deviation(values, 1) == Approx(std::sqrt(32.0 / 7)));
  CHECK(standard_deviation({3}, 0) == 0);
  // The mean is subtracted first: no cancellation.
  CHECK(standard_deviation({1e9 + 1, 1e9 - 1}, 0) == 1);
}

TEST_CASE("the mean of finite values is finite") {
  CHECK(mean({1e308, 1.5e308, -1e308}) == Approx(0.5e308));
  CHECK(mean({1e308, 1e308}) == 1e308);
  CHECK(std::isnan(mean({1, NAN})));
  CHECK(mean({1, INFINITY}) == INFINITY);
  CHECK(standard_deviation({1e308, 0, 1e308}, 0) == INFINITY);
}
