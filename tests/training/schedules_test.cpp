// Schedules: values at many times against plain formulas and Chainer's, edges, refusals.
#include "tenbin/training/schedules.h"

#include <cmath>

#include "tenbin/core/error.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The values at t = 0, 1, 2, ...
std::vector<double> factors(const Schedule& schedule, int count) {
  std::vector<double> values;
  for (int t = 0; t < count; ++t) values.push_back(schedule(t));
  return values;
}

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("golden: schedules, Chainer's values") {
  const NpzReader golden(TENBIN_TEST_DATA "/golden/lr_schedules.npz");
  const auto check = [&](const std::string& id, double initial, const Schedule& schedule) {
    CAPTURE(id);
    std::vector<double> values = factors(schedule, 16);
    for (double& value : values) value *= initial;
    check_close(values, golden.read(id + "/lr").to_vector<double>(), 1e-15, 1e-12);
  };
  using namespace schedules;
  check("00_ExponentialShift", 0.1, exponential(0.9));
  check("01_ExponentialShift", 1, clipped(exponential(0.5), 0.01));
  check("02_ExponentialShift", 0.001, clipped(exponential(2), 0, 500));
  check("06_StepShift", 1, step(0.5, 4));
  check("07_StepShift", 1, clipped(step(0.5, 4), 0.2));
  check("08_PolynomialShift", 1, polynomial(2, 10));
}

TEST_CASE("schedules: the other formulas, at and past their ends") {
  check_close(factors(schedules::multistep(0.1, {2, 3}), 5), {1, 1, 0.1, 0.01, 0.01}, 0, 1e-12);
  check_close(factors(schedules::linear(1, 3, 4, 1), 7), {1, 1, 1.5, 2, 2.5, 3, 3}, 0, 1e-12);
  check_close(factors(schedules::inverse(1, 2), 3), {1, 0.25, 1.0 / 9}, 0, 1e-12);
  check_close(factors(schedules::cosine(4, 0.2), 7),
              {1, 0.2 + 0.4 * (1 + std::sqrt(0.5)), 0.6, 0.2 + 0.4 * (1 - std::sqrt(0.5)), 0.2, 0.2, 0.2},
              1e-12, 1e-12);
  check_close(factors(schedules::cosine_restarts(2), 5), {1, 0.5, 1, 0.5, 1}, 1e-12, 1e-12);
  check_close(factors(schedules::cosine_restarts(2, 2), 7),
              {1, 0.5, 1, (1 + std::sqrt(0.5)) / 2, 0.5, (1 - std::sqrt(0.5)) / 2, 1}, 1e-12, 1e-12);
  check_close(factors(schedules::warm_up(2, schedules::exponential(0.5), 0.2), 5), {0.2, 0.6, 1, 0.5, 0.25},
              0, 1e-12);
  check_close(factors(schedules::one_cycle(4, 0.5, 0.2, 0), 6), {0.2, 0.6, 1, 0.5, 0, 0}, 1e-12, 1e-12);
  check_close(factors(schedules::constant(), 2), {1, 1}, 0, 0);
  CHECK(schedules::cosine(1e9)(1e12) == 0);
  CHECK(std::isfinite(schedules::cosine_restarts(1, 2)(1e15)));
}

TEST_CASE("schedules: invalid arguments") {
  CHECK_THROWS_WITH(schedules::exponential(0), "schedules::exponential: rate must be finite and > 0, got 0");
  CHECK_THROWS_WITH(schedules::step(NAN, 1),
                    ContainsSubstring("schedules::step: gamma must be finite, got nan"));
  CHECK_THROWS_WITH(schedules::step(1, 0), "schedules::step: period must be finite and > 0, got 0");
  CHECK_THROWS_WITH(schedules::multistep(1, {infinity}),
                    "schedules::multistep: times must be finite, got inf");
  CHECK_THROWS_WITH(schedules::linear(0, 1, 0), "schedules::linear: duration must be finite and > 0, got 0");
  CHECK_THROWS_WITH(schedules::polynomial(0, 1),
                    "schedules::polynomial: power must be finite and > 0, got 0");
  CHECK_THROWS_WITH(schedules::cosine(-1), "schedules::cosine: duration must be finite and > 0, got -1");
  CHECK_THROWS_WITH(schedules::cosine_restarts(1, 0.5),
                    "schedules::cosine_restarts: multiple must be finite and >= 1, got 0.5");
  CHECK_THROWS_WITH(schedules::inverse(-1), "schedules::inverse: gamma must be finite and >= 0, got -1");
  CHECK_THROWS_WITH(schedules::warm_up(0), "schedules::warm_up: duration must be finite and > 0, got 0");
  CHECK_THROWS_WITH(schedules::one_cycle(1, 1), "schedules::one_cycle: rise must be in (0, 1), got 1");
  CHECK_THROWS_WITH(schedules::clipped(schedules::constant(), 2, 1),
                    "schedules::clipped: lower must not be above upper, got 2 and 1");
}
