// The record of an error that a kernel finds: what is stored, and what is thrown.
#include "tenbin/core/deferred_error.h"

#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("a deferred error is thrown from a copy of its bytes, with what the kernel found") {
  DeferredError error("f", Shape{2, 3}, [](const DeferredError& found) {
    throw Error(found.function, found.shape, ": ", found.bounds[0], " ", found.bounds[1], " ", found.position,
                " ", found.value, " ", found.label);
  });
  error.bounds[0] = 7;
  error.bounds[1] = -1;
  error.position = 5;
  error.value = 0.5;
  error.label = 9;
  static_assert(std::is_trivially_copyable_v<DeferredError>);  // from device memory
  DeferredError copy;
  CHECK(copy.raise == nullptr);
  std::memcpy(static_cast<void*>(&copy), &error, sizeof error);
  CHECK_THROWS_WITH(copy.raise(copy), "f(2, 3): 7 -1 5 0.5 9");
}

TEST_CASE("a deferred error keeps the first 63 characters of a name") {
  const DeferredError error(std::string(100, 'f'), Shape{}, nullptr);
  CHECK(std::string(error.function) == std::string(63, 'f'));
}

TEST_CASE("the error of a number is the same at once and deferred") {
  const std::string any = "f: margin must be finite, got inf at 2";
  const std::string not_negative = "f: margin must be finite and not negative, got -1 at 0";
  constexpr double inf = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(detail::throw_not_finite("f: margin", detail::Sign::any, inf, 2), any);
  CHECK_THROWS_WITH(detail::throw_not_finite("f: margin", detail::Sign::not_negative, -1, 0), not_negative);
  DeferredError error = detail::not_finite_error("f", "margin", Shape{3}, detail::Sign::any);
  error.value = inf;
  error.position = 2;
  CHECK_THROWS_WITH(error.raise(error), any);
  error = detail::not_finite_error("f", "margin", Shape{3}, detail::Sign::not_negative);
  error.value = -1;
  CHECK_THROWS_WITH(error.raise(error), not_negative);
}
