// The library's exception.
#include "tenbin/core/error.h"

#include <string>

#include "tenbin/core/array.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("the text of an Error is that of its parts") {
  CHECK(Error("relu: x must be float32, got ", Array({1, 2, 3})).what() ==
        std::string("relu: x must be float32, got int32(3)"));
  CHECK(Error(12345.5, ' ', -1234567, ' ', std::size_t{1000000}).what() ==
        std::string("12345.5 -1234567 1000000"));  // also where the locale groups digits
  CHECK(Error(std::string("100%s"), " and ", "a \"quote\"").what() == std::string("100%s and a \"quote\""));
  CHECK(Error("").what() == std::string());
}

TEST_CASE("an Error is a std::runtime_error, and its copies keep the text") {
  const auto fail = [] { throw Error("f: ", 7); };
  CHECK_THROWS_AS(fail(), std::runtime_error);
  std::exception_ptr kept;
  try {
    fail();
  } catch (...) {
    kept = std::current_exception();
  }
  try {
    std::rethrow_exception(kept);
  } catch (const Error& error) {
    const Error copy = error;  // NOLINT(performance-unnecessary-copy-initialization): what is tested
    CHECK(copy.what() == std::string("f: 7"));
  }
}
