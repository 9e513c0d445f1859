// exp, log and their relatives against the C library in long double, over their whole ranges.
#include "tenbin/cpu/vector_math.h"

#include <cmath>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/ulp.h"

using namespace tenbin;
using testing::between;
using testing::infinity;
using testing::small_or_not;
using testing::worst_error;

TEMPLATE_TEST_CASE("exp is right to a unit in the last place", "", float, double) {
  using T = TestType;
  const auto exact = [](long double x) { return std::exp(x); };
  const auto exp = [](T x) { return vector_math::exp(x); };
  const auto exp_nonpositive = [](T x) { return vector_math::exp_nonpositive(x); };
  const bool single = std::is_same_v<T, float>;
  const double denormal = single ? -103 : -744, normal = single ? -87.3 : -708.3,
               most = single ? 88.7 : 709.7;
  CHECK(worst_error<T>(exp, exact, between(normal, most)) < 1.1);
  CHECK(worst_error<T>(exp, exact, between(denormal, normal)) < 1.1);
  CHECK(worst_error<T>(exp, exact, between(-1., 1.)) < 1.1);
  CHECK(worst_error<T>(exp_nonpositive, exact, between(normal, 0.)) < 1.1);
  CHECK(worst_error<T>(exp_nonpositive, exact, between(-1., 0.)) < 1.1);
}

TEMPLATE_TEST_CASE("exp at its ends", "", float, double) {
  using T = TestType;
  const T nan = std::numeric_limits<T>::quiet_NaN(), huge = std::numeric_limits<T>::max();
  CHECK(vector_math::exp(T{0}) == 1);
  CHECK(vector_math::exp(infinity<T>) == infinity<T>);
  CHECK(vector_math::exp(huge) == infinity<T>);
  CHECK(vector_math::exp(-infinity<T>) == 0);
  CHECK(vector_math::exp(-huge) == 0);
  CHECK(std::isnan(vector_math::exp(nan)));

  const T least = std::log(std::numeric_limits<T>::min());
  CHECK(vector_math::exp_nonpositive(T{0}) == 1);
  CHECK(vector_math::exp_nonpositive(least + T{1} / 1024) >= std::numeric_limits<T>::min());
  CHECK(vector_math::exp_nonpositive(least - T{1} / 1024) == 0);
  CHECK(vector_math::exp_nonpositive(-huge) == 0);
  CHECK(vector_math::exp_nonpositive(-infinity<T>) == 0);
  CHECK(std::isnan(vector_math::exp_nonpositive(nan)));
}

TEMPLATE_TEST_CASE("log from 1/2 on is right to a unit in the last place", "", float, double) {
  using T = TestType;
  const auto exact = [](long double x) { return std::log(x); };
  const auto log = [](T x) { return vector_math::log(x); };
  CHECK(worst_error<T>(log, exact, between(0.5, 2.)) < 1);
  CHECK(worst_error<T>(log, exact, [](double u) { return 1 + std::exp2(-50 * u); }) < 1);
  CHECK(worst_error<T>(log, exact, [](double u) { return std::exp2(127 * u); }) < 1);
  CHECK(vector_math::log(T{1}) == 0);
  CHECK(std::isnan(vector_math::log(std::numeric_limits<T>::quiet_NaN())));
  CHECK(std::isnan(vector_math::log(infinity<T>)));
}

TEMPLATE_TEST_CASE("expm1, tanh and sigmoid keep their digits where they are small", "", float, double) {
  using T = TestType;
  CHECK(worst_error<T>([](T x) { return vector_math::expm1(x); }, [](long double x) { return std::expm1(x); },
                       small_or_not) < 2);
  CHECK(worst_error<T>([](T x) { return vector_math::tanh(x); }, [](long double x) { return std::tanh(x); },
                       small_or_not) < 3);
  CHECK(worst_error<T>([](T x) { return vector_math::sigmoid(x); },
                       [](long double x) { return 1 / (1 + std::exp(-x)); }, between(-80., 80.)) < 3);
  CHECK(vector_math::tanh(infinity<T>) == 1);
  CHECK(vector_math::tanh(-infinity<T>) == -1);
  CHECK(vector_math::tanh(T{0}) == 0);
  CHECK_FALSE(std::signbit(vector_math::tanh(T{0})));
  CHECK(std::signbit(vector_math::tanh(-T{0})));
  CHECK(vector_math::sigmoid(infinity<T>) == 1);
  CHECK(vector_math::sigmoid(-infinity<T>) == 0);
  CHECK(std::isnan(vector_math::tanh(std::numeric_limits<T>::quiet_NaN())));
  CHECK(std::isnan(vector_math::sigmoid(std::numeric_limits<T>::quiet_NaN())));
}

TEMPLATE_TEST_CASE("erfc keeps its digits where it is small", "", float, double) {
  using T = TestType;
  const auto erfc = [](T x) { return vector_math::erfc(x); };
  const auto exact = [](long double x) { return std::erfc(x); };
  const double normal = std::is_same_v<T, float> ? 9.1 : 26.5;
  CHECK(worst_error<T>(erfc, exact, between(-1., 1.)) < 6);
  CHECK(worst_error<T>(erfc, exact, between(-10., 0.)) < 3);
  CHECK(worst_error<T>(erfc, exact, between(1., 3.)) < 12);
  CHECK(worst_error<T>(erfc, exact, between(3., normal)) < normal * normal + 6);  // x * x is rounded
  CHECK(vector_math::erfc(T{0}) == 1);
  CHECK(vector_math::erfc(infinity<T>) == 0);
  CHECK(vector_math::erfc(std::numeric_limits<T>::max()) == 0);
  CHECK(vector_math::erfc(-infinity<T>) == 2);
  CHECK(std::isnan(vector_math::erfc(std::numeric_limits<T>::quiet_NaN())));
}

TEMPLATE_TEST_CASE("log_of_sum of a sum that was rounded to its largest term", "", float, double) {
  using T = TestType;
  const auto log_of_sum = [](T rest) { return vector_math::log_of_sum(1 + rest, rest); };
  const auto exact = [](long double rest) { return std::log1p(rest); };
  const auto tiny = [](double u) { return std::exp2(-3.01 - 117 * u); };
  CHECK(worst_error<T>(log_of_sum, exact, tiny) < 1.5);
  CHECK(worst_error<T>(log_of_sum, exact, between(0., 0.1249)) < 1.5);
  CHECK(worst_error<T>(log_of_sum, exact, between(0.125, 0.999)) < 8);
  CHECK(log_of_sum(0) == 0);
  CHECK(vector_math::log_of_sum(T{2}, T{0}) == Approx(std::log(2)));  // two elements are the maximum
  CHECK(vector_math::log_of_sum(T{5}, T{0.5}) == Approx(std::log(5)));
  const T nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(std::isnan(vector_math::log_of_sum(nan, T{0})));
  CHECK(std::isnan(vector_math::log_of_sum(nan, nan)));
}

TEMPLATE_TEST_CASE("tanh is accurate enough for its derivative, 1 - tanh^2", "", float, double) {
  using T = TestType;
  const bool single = std::is_same_v<T, float>;
  const auto tanh = [](T x) { return vector_math::tanh(x); };
  const auto exact = [](long double x) { return std::tanh(x); };
  CHECK(worst_error<T>(tanh, exact, between(-1., 1.)) < 2.5);
  CHECK(worst_error<T>(tanh, exact, between(0.7, single ? 9. : 19.)) < 1.2);
  // Relative to the derivative: not much more than the rounding of tanh itself costs.
  double worst = 0, of_rounding = 0;
  for (int i = 0; i < 20000; ++i) {
    const T x = static_cast<T>(i) / 20000 * 4;
    const long double y = std::tanh(static_cast<long double>(x)), exact_slope = 1 - y * y;
    const auto error = [&](T rounded) {
      const long double v = static_cast<long double>(rounded);
      return static_cast<double>(std::abs((1 - v * v) / exact_slope - 1));
    };
    worst = std::max(worst, error(vector_math::tanh(x)));
    of_rounding = std::max(of_rounding, error(static_cast<T>(y)));
  }
  CHECK(worst < 1.3 * of_rounding);
}

TEMPLATE_TEST_CASE("log1p from 0 to 1 is right to two units in the last place", "", float, double) {
  using T = TestType;
  const auto log1p = [](T x) { return vector_math::log1p(x); };
  const auto exact = [](long double x) { return std::log1p(x); };
  CHECK(worst_error<T>(log1p, exact, between(0., 1.)) < 2);
  CHECK(worst_error<T>(log1p, exact, between(0., 1e-6)) < 2);
  CHECK(vector_math::log1p(T{0}) == 0);
  CHECK(vector_math::log1p(std::numeric_limits<T>::denorm_min()) == std::numeric_limits<T>::denorm_min());
  CHECK(std::isnan(vector_math::log1p(std::numeric_limits<T>::quiet_NaN())));
}

TEMPLATE_TEST_CASE("softplus_tail is right to two units in the last place", "", float, double) {
  using T = TestType;
  const bool single = std::is_same_v<T, float>;
  const auto tail = [](T z) { return vector_math::softplus_tail(z); };
  const auto exact = [](long double z) { return std::log1p(std::exp(-std::abs(z))); };
  CHECK(worst_error<T>(tail, exact, between(-3., 3.)) < 2);
  CHECK(worst_error<T>(tail, exact, between(single ? -103. : -744., 0.)) < 2);
  CHECK(worst_error<T>(tail, exact, between(0., single ? 103. : 744.)) < 2);
  CHECK(vector_math::softplus_tail(infinity<T>) == 0);
  CHECK(vector_math::softplus_tail(-infinity<T>) == 0);
  CHECK(std::isnan(vector_math::softplus_tail(std::numeric_limits<T>::quiet_NaN())));
}
