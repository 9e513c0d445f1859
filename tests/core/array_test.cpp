#include "tenbin/core/array.h"

#include <limits>

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("an Array takes shape and dtype from nested lists") {
  const Array x = {{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}};
  CHECK(x.dtype() == Dtype::float32);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.to_vector<float>() == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(Array{1, 2}.dtype() == Dtype::int32);
  CHECK(Array({1, 2}, Dtype::float64).dtype() == Dtype::float64);
  CHECK(Array{{{1.0}, {2.0}}}.shape() == Shape{1, 2, 1});
  CHECK(Array({1}).shape() == Shape{1});
  CHECK_THROWS_WITH((Array{{1, 2}, {3}}), "Array: rows of 2 and 1 values");
}
