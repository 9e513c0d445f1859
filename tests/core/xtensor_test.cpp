// The conversion to and from xtensor. Compiled as C++17, like all code that includes xtensor.
#include "tenbin/core/xtensor.h"

#include <xtensor/xview.hpp>

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("as_xtensor views the array") {
  Array x = Array({{1, 2, 3}, {4, 5, 6}}, Dtype::float32);
  auto view = as_xtensor<float>(x);
  REQUIRE(view.shape().size() == 2);
  CHECK(view.shape()[0] == 2);
  CHECK(view(1, 0) == 4);
  view(1, 0) = 40;
  xt::view(view, 0, xt::all()) = 0;
  CHECK(x.to_vector<float>() == std::vector<float>{0, 0, 0, 40, 5, 6});

  auto rows = x.slice(1, 2);  // a view of a view starts at its own elements
  CHECK(as_xtensor<float>(rows)(0, 2) == 6);
  const Array& constant = x;
  CHECK(as_xtensor<float>(constant)(1, 1) == 5);
  const Array scalar = Array::scalar(3, Dtype::float64);
  CHECK(as_xtensor<double>(scalar)() == 3);
  CHECK(as_xtensor<float>(Array::zeros({0, 3})).size() == 0);
  CHECK_THROWS_WITH(as_xtensor<double>(x), "Array::data: asked for float64, the array is float32(2, 3)");
}

TEST_CASE("from_xtensor evaluates an expression") {
  const Array x = {{1.0, 2.0}, {3.0, 4.0}};
  const Array y = from_xtensor(as_xtensor<double>(x) * 2 + 1);
  CHECK(y.dtype() == Dtype::float64);
  CHECK(y.shape() == Shape{2, 2});
  CHECK(y.to_vector<double>() == std::vector<double>{3, 5, 7, 9});
  CHECK(from_xtensor(xt::xarray<std::int64_t>{{1, 2, 3}}).shape() == Shape{1, 3});
  CHECK(from_xtensor(xt::xarray<std::uint8_t>{7}).dtype() == Dtype::uint8);
  CHECK(from_xtensor(xt::transpose(as_xtensor<double>(x))).to_vector<double>() ==
        std::vector<double>{1, 3, 2, 4});
  CHECK(from_xtensor(xt::view(as_xtensor<double>(x), xt::all(), 1)).to_vector<double>() ==
        std::vector<double>{2, 4});
  CHECK(from_xtensor(xt::sum(as_xtensor<double>(x), {0})).to_vector<double>() == std::vector<double>{4, 6});
  CHECK(from_xtensor(xt::sum(as_xtensor<double>(x))).shape() == Shape{});
  CHECK_FALSE(from_xtensor(as_xtensor<double>(x)).shares_memory_with(x));
}

TEST_CASE("host::eval broadcasts, for both floating dtypes") {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
    const Array x = Array({{1, 2, 3}, {4, 5, 6}}, dtype);
    const Array row = Array({10, 20, 30}, dtype);
    const Array column = Array({{1}, {2}}, dtype);
    const Array y =
        host::eval([](const auto& a, const auto& b, const auto& c) { return a * c + b; }, x, row, column);
    CHECK(y.dtype() == dtype);
    CHECK(y.to_vector<double>() == std::vector<double>{11, 22, 33, 18, 30, 42});
    const Array scaled =
        host::eval([](const auto& a, const auto& s) { return a * s; }, x, Array::scalar(2, dtype));
    CHECK(scaled.to_vector<double>() == std::vector<double>{2, 4, 6, 8, 10, 12});
  }
  const Array integers = {1, 2};
  CHECK_THROWS_WITH(host::eval([](const auto& a) { return a + a; }, integers),
                    "expected float32 or float64, got int32");
  CHECK_THROWS_WITH(host::eval([](const auto& a, const auto& b) { return a + b; }, Array{1.f}, Array{1.0}),
                    "Array::data: asked for float32, the array is float64(1)");
}
