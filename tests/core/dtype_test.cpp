// Element types: names, sizes, the C++ types they stand for, and `visit`.
#include "tenbin/core/dtype.h"

#include <sstream>
#include <string>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {

constexpr Dtype all_dtypes[] = {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8};

template <class T, class U>
constexpr bool is_stored_as = std::is_same_v<detail::Stored<T>, U>;

}  // namespace

TEST_CASE("a dtype has NumPy's name, and the size of its C++ type") {
  const std::string names[] = {"float32", "float64", "int32", "int64", "uint8"};
  for (std::size_t i = 0; i < std::size(all_dtypes); ++i) {
    const Dtype dtype = all_dtypes[i];
    CHECK(to_string(dtype) == names[i]);
    std::ostringstream out;
    out << dtype;
    CHECK(out.str() == names[i]);
    CHECK(item_size(dtype) == visit(dtype, [](auto zero) { return sizeof(zero); }));
    CHECK(is_floating(dtype) == (names[i][0] == 'f'));
    CHECK(is_integer(dtype) != is_floating(dtype));
  }
}

TEST_CASE("visit passes a zero of the C++ type of the dtype") {
  for (const Dtype dtype : all_dtypes) {
    CAPTURE(dtype);
    const auto check = [&](auto zero) {
      CHECK(zero == 0);
      return dtype_of<decltype(zero)>;
    };
    CHECK(visit(dtype, check) == dtype);
    if (is_floating(dtype)) {
      CHECK(visit_floating(dtype, check) == dtype);
    } else {
      CHECK(visit_integer(dtype, check) == dtype);
      if (dtype != Dtype::uint8) CHECK(visit_index(dtype, check) == dtype);
    }
  }
  CHECK(dtype_of<const float> == Dtype::float32);
  CHECK(dtype_of<volatile std::int64_t> == Dtype::int64);
}

TEST_CASE("visit refuses other dtypes") {
  const auto never = [](auto) { FAIL("called"); };
  for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8})
    CHECK_THROWS_WITH(visit_floating(dtype, never),
                      std::string("expected float32 or float64, got ") + to_string(dtype));
  for (const Dtype dtype : {Dtype::float32, Dtype::float64})
    CHECK_THROWS_WITH(visit_integer(dtype, never),
                      std::string("expected int32, int64 or uint8, got ") + to_string(dtype));
  for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::uint8})
    CHECK_THROWS_WITH(visit_index(dtype, never),
                      std::string("expected int32 or int64, got ") + to_string(dtype));
  CHECK_THROWS_WITH(visit(static_cast<Dtype>(99), never), "visit: unknown dtype 99");
}

TEST_CASE("every C++ element type is stored as one type") {
  STATIC_REQUIRE(is_stored_as<float, float>);
  STATIC_REQUIRE(is_stored_as<const double, double>);
  STATIC_REQUIRE(is_stored_as<bool, std::uint8_t>);
  STATIC_REQUIRE(is_stored_as<unsigned char, std::uint8_t>);
  STATIC_REQUIRE(is_stored_as<signed char, std::int32_t>);
  STATIC_REQUIRE(is_stored_as<short, std::int32_t>);
  STATIC_REQUIRE(is_stored_as<unsigned short, std::int32_t>);
  STATIC_REQUIRE(is_stored_as<int, std::int32_t>);
  STATIC_REQUIRE(is_stored_as<unsigned, std::int64_t>);
  STATIC_REQUIRE(is_stored_as<long, std::int64_t>);
  STATIC_REQUIRE(is_stored_as<long long, std::int64_t>);
  STATIC_REQUIRE(is_stored_as<std::size_t, std::int64_t>);
}
