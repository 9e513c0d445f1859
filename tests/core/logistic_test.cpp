// The logistic function and softplus, against the C library in long double.
#include "tenbin/core/logistic.h"

#include <cmath>
#include <limits>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/ulp.h"

using namespace tenbin;
using detail::precise_sigmoid;
using detail::softplus_tail;
using testing::between;
using testing::infinity;
using testing::worst_error;

TEMPLATE_TEST_CASE("precise_sigmoid keeps its digits, also where it is denormal", "", float, double) {
  using T = TestType;
  const auto exact = [](long double z) { return 1 / (1 + std::exp(-z)); };
  const auto sigmoid = [](T z) { return precise_sigmoid(z); };
  const bool single = std::is_same_v<T, float>;
  const double denormal = single ? -103 : -744, normal = single ? -87.3 : -708.3;
  CHECK(worst_error<T>(sigmoid, exact, between(-1., 1.)) < 3);
  CHECK(worst_error<T>(sigmoid, exact, between(normal, -normal)) < 3);
  CHECK(worst_error<T>(sigmoid, exact, between(denormal, normal)) < 3);

  const T nan = std::numeric_limits<T>::quiet_NaN(), huge = std::numeric_limits<T>::max();
  CHECK(precise_sigmoid(T{0}) == T{0.5});
  CHECK(precise_sigmoid(-T{0}) == T{0.5});
  for (const T z : {huge, infinity<T>}) {
    CHECK(precise_sigmoid(z) == 1);
    CHECK(precise_sigmoid(-z) == 0);
  }
  CHECK(precise_sigmoid(static_cast<T>(denormal)) > 0);
  CHECK(std::isnan(precise_sigmoid(nan)));
}

TEMPLATE_TEST_CASE("softplus_tail is log(1 + exp(-|z|)), without overflow", "", float, double) {
  using T = TestType;
  const auto exact = [](long double z) { return std::log1p(std::exp(-std::abs(z))); };
  const auto tail = [](T z) { return softplus_tail(z); };
  const double normal = std::is_same_v<T, float> ? 87.3 : 708.3;
  CHECK(worst_error<T>(tail, exact, between(-1., 1.)) < 3);
  CHECK(worst_error<T>(tail, exact, between(-normal, normal)) < 3);

  CHECK(softplus_tail(T{0}) == std::log(T{2}));
  CHECK(softplus_tail(-T{0}) == std::log(T{2}));
  for (const T z : {std::numeric_limits<T>::max(), infinity<T>}) {
    CHECK(softplus_tail(z) == 0);
    CHECK(softplus_tail(-z) == 0);
  }
  CHECK(std::isnan(softplus_tail(std::numeric_limits<T>::quiet_NaN())));
}
