// The formulas of softmax that the CPU and kernels have in common.
#include "tenbin/core/log_sum.h"

#include <limits>

#include "tenbin/tests/catch.h"

using tenbin::detail::log_of_sum;
using tenbin::detail::LogSum;

TEMPLATE_TEST_CASE("log_softmax keeps its digits where max is huge", "", float, double) {
  using T = TestType;
  const LogSum<T> norm{T{1e8}, std::log(T{2})};
  CHECK(norm.log_softmax(T{1e8}) == -static_cast<double>(std::log(T{2})));
  CHECK(norm.log_softmax(T{1e8} - 64) == -64 - static_cast<double>(std::log(T{2})));
  // The difference of two floats may overflow in float.
  const LogSum<float> wide{std::numeric_limits<float>::max(), 0};
  CHECK(wide.log_softmax(-std::numeric_limits<float>::max()) == -2.0 * std::numeric_limits<float>::max());
  const T infinity = std::numeric_limits<T>::infinity();
  CHECK(norm.log_softmax(-infinity) == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(norm.log_softmax(std::numeric_limits<T>::quiet_NaN())));
}

TEMPLATE_TEST_CASE("the log of a sum has all digits on both sides of where the formula changes", "", float,
                   double) {
  using T = TestType;
  const T epsilon = std::numeric_limits<T>::epsilon();
  CHECK(log_of_sum(T{1}, T{0}) == 0);
  CHECK(log_of_sum(T{1}, static_cast<T>(1e-20)) == Approx(1e-20));  // the sum has lost the rest
  for (const double rest : {1e-6, 0.1, 0.124999, 0.125, 0.125001, 0.5, 0.999}) {
    CAPTURE(rest);
    const T part = static_cast<T>(rest);
    CHECK(log_of_sum(1 + part, part) == Approx(std::log1p(rest)).epsilon(8 * epsilon));
  }
  // Several elements at the maximum, which are not part of the rest.
  CHECK(log_of_sum(T{3}, T{0}) == Approx(std::log(3.0)).epsilon(4 * epsilon));
  CHECK(log_of_sum(static_cast<T>(1e30), T{0.25}) == Approx(std::log(1e30)).epsilon(4 * epsilon));
  // A line of -inf: no exponential is 1.
  CHECK(log_of_sum(T{0}, T{0}) == -std::numeric_limits<T>::infinity());
  const T nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(std::isnan(log_of_sum(nan, nan)));
}
