// The exponentials of kernels, called on the CPU, against the C library in long double.
#include "tenbin/functions/formula_math.h"

#include <cmath>
#include <limits>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/ulp.h"

using namespace tenbin;
using testing::between;
using testing::infinity;
using testing::small_or_not;
using testing::worst_error;

namespace device = formula_math::device;

TEMPLATE_TEST_CASE("the exponentials of kernels keep their digits", "", float, double) {
  using T = TestType;
  const bool single = std::is_same_v<T, float>;
  const double denormal = single ? -103 : -744, normal = single ? -87.3 : -708.3,
               most = single ? 88.7 : 709.7;
  const auto exp = [](T x) { return device::exp(x); };
  const auto exact_exp = [](long double x) { return std::exp(x); };
  CHECK(worst_error<T>(exp, exact_exp, small_or_not) < 2);
  CHECK(worst_error<T>(exp, exact_exp, between(denormal, most)) < 2);

  const auto expm1 = [](T x) { return device::expm1(x); };
  const auto exact_expm1 = [](long double x) { return std::expm1(x); };
  CHECK(worst_error<T>(expm1, exact_expm1, small_or_not) < 2);
  CHECK(worst_error<T>(expm1, exact_expm1, between(normal, most)) < 2);

  const auto erfc = [](T x) { return device::erfc(x); };
  CHECK(worst_error<T>(
            erfc, [](long double x) { return std::erfc(x); }, between(-5., single ? 9. : 26.)) < 6);

  const auto tanh = [](T x) { return device::tanh(x); };
  CHECK(worst_error<T>(
            tanh, [](long double x) { return std::tanh(x); }, small_or_not) < 3);

  const auto sigmoid = [](T x) { return device::sigmoid(x); };
  const auto exact_sigmoid = [](long double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(worst_error<T>(sigmoid, exact_sigmoid, small_or_not) < 3);
  CHECK(worst_error<T>(sigmoid, exact_sigmoid, between(denormal, -normal)) < 3);
}

TEMPLATE_TEST_CASE("the exponentials of kernels at 0, at their ends and of NaN", "", float, double) {
  using T = TestType;
  for (const T zero : {T{0}, -T{0}}) {
    CAPTURE(zero);
    CHECK(device::exp(zero) == 1);
    CHECK(device::expm1(zero) == 0);
    CHECK(std::signbit(device::expm1(zero)) == std::signbit(zero));
    CHECK(device::tanh(zero) == 0);
    CHECK(std::signbit(device::tanh(zero)) == std::signbit(zero));
    CHECK(device::sigmoid(zero) == T{0.5});
  }
  for (const T end : {std::numeric_limits<T>::max(), infinity<T>}) {
    CAPTURE(end);
    CHECK(device::erfc(end) == 0);
    CHECK(device::erfc(-end) == 2);
    CHECK(device::exp(end) == infinity<T>);
    CHECK(device::exp(-end) == 0);
    CHECK(device::expm1(end) == infinity<T>);
    CHECK(device::expm1(-end) == -1);
    CHECK(device::tanh(end) == 1);
    CHECK(device::tanh(-end) == -1);
    CHECK(device::sigmoid(end) == 1);
    CHECK(device::sigmoid(-end) == 0);
  }
  const T nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(std::isnan(device::erfc(nan)));
  CHECK(std::isnan(device::exp(nan)));
  CHECK(std::isnan(device::expm1(nan)));
  CHECK(std::isnan(device::tanh(nan)));
  CHECK(std::isnan(device::sigmoid(nan)));
}
