// xtensor views of arrays, and arrays of xtensor expressions.
#include "tenbin/xtensor.h"

#include <limits>

#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using testing::values;

TEST_CASE("adapt views the array") {
  Array x = Array({{1, 2, 3}, {4, 5, 6}}, Dtype::float32);
  auto view = adapt<float>(x);
  REQUIRE(view.dimension() == 2);
  CHECK(view.shape()[0] == 2);
  CHECK(view.shape()[1] == 3);
  CHECK(view.data() == x.data<float>());
  CHECK(view(1, 0) == 4);
  view(1, 0) = 40;
  xt::view(view, 0, xt::all()) = 0;
  CHECK(values(x) == std::vector<double>{0, 0, 0, 40, 5, 6});
  view += 1.f;
  CHECK(values(x) == std::vector<double>{1, 1, 1, 41, 6, 7});

  const Array& constant = x;
  const auto constant_view = adapt<float>(constant);
  CHECK(constant_view(1, 1) == 6);
  static_assert(std::is_same_v<decltype(constant_view.data()), const float*>);
}

TEST_CASE("adapt of scalars, empty arrays, slices, and every dtype") {
  const Array scalar = Array::scalar(3, Dtype::float64);
  CHECK(adapt<double>(scalar).dimension() == 0);
  CHECK(adapt<double>(scalar)() == 3);
  CHECK(adapt<double, 0>(scalar)() == 3);
  const Array empty = Array::zeros({0, 3});
  CHECK(adapt<float>(empty).size() == 0);
  CHECK(adapt<float>(empty).shape()[1] == 3);
  CHECK(adapt<float, 2>(empty).shape()[1] == 3);

  const Array x = Array({{1, 2, 3}, {4, 5, 6}}, Dtype::float32);
  const Array rows = x.slice(1, 2);  // a view of a view starts where its elements start
  CHECK(adapt<float>(rows)(0, 2) == 6);
  CHECK(adapt<std::int32_t>(Array({1, 2}, Dtype::int32))(1) == 2);
  CHECK(adapt<std::int64_t>(Array({1, 2}, Dtype::int64))(1) == 2);
  CHECK(adapt<std::uint8_t>(Array({1, 2}, Dtype::uint8))(1) == 2);
}

TEST_CASE("adapt with the rank in its type") {
  Array x = Array({{1, 2, 3}, {4, 5, 6}}, Dtype::float32);
  auto view = adapt<float, 2>(x);
  static_assert(std::is_same_v<std::decay_t<decltype(view.shape())>, std::array<std::size_t, 2>>);
  view(0, 1) = 20;
  CHECK(x.at(0, 1) == 20);
  const Array& constant = x;
  CHECK(adapt<float, 2>(constant)(1, 2) == 6);
  CHECK(adapt<float, 1>(x.reshape({6}))(1) == 20);
  CHECK(values(from_xtensor(view * 2.f)) == std::vector<double>{2, 40, 6, 8, 10, 12});
  CHECK_THROWS_WITH((adapt<float, 1>(x)), "adapt: expected 1 axis, got float32(2, 3)");
  CHECK_THROWS_WITH((adapt<float, 3>(constant)), "adapt: expected 3 axes, got float32(2, 3)");
}

TEST_CASE("adapt of a temporary shares its elements") {
  Array x = {{1.f, 2.f}, {3.f, 4.f}};
  adapt<float>(x.slice(1, 2)) *= 10.f;
  CHECK(values(x) == std::vector<double>{1, 2, 30, 40});
  auto row = adapt<float, 2>(x.slice(0, 1));
  row = xt::zeros<float>({1, 2});  // assigns elements, as to any view
  CHECK(values(x) == std::vector<double>{0, 0, 30, 40});

  auto view = adapt<float>(Array{5.f, 6.f});
  auto copy = view;
  const auto expression = adapt<float>(Array{1.f, 1.f}) + copy;
  CHECK(view(1) == 6);
  CHECK(values(from_xtensor(expression)) == std::vector<double>{6, 7});
  auto moved = adapt<float>(std::move(x));
  CHECK(moved(1, 0) == 30);
}

TEST_CASE("adapt refuses another dtype, another device, and an empty Array", "[gpu]") {
  const Array x = Array({{1, 2, 3}, {4, 5, 6}}, Dtype::float32);
  Array mutable_x = x;
  CHECK_THROWS_WITH(adapt<double>(x), "adapt: expected float64, got float32(2, 3)");
  CHECK_THROWS_WITH(adapt<std::int32_t>(mutable_x), "adapt: expected int32, got float32(2, 3)");
  CHECK_THROWS_WITH(adapt<std::uint8_t>(x.slice(0, 1)), "adapt: expected uint8, got float32(1, 3)");
  CHECK_THROWS_WITH((adapt<double, 2>(x)), "adapt: expected float64, got float32(2, 3)");
  CHECK_THROWS_WITH(adapt<float>(Array()), ContainsSubstring("the array is empty"));
  CHECK_THROWS_WITH(adapt<float>(Variable(x).grad()), ContainsSubstring("the gradient of"));
  for (const Device device : testing::devices()) {
    if (device.is_cpu()) continue;
    const Array there = x.to(device);
    CHECK_THROWS_WITH(adapt<float>(there), "adapt: expected an array on the CPU, got float32(2, 3)@cuda:0");
  }
}

TEST_CASE("adapt does not mark the array as changed; mark_changed does") {
  Variable x(Array{1.0, 2.0});
  const auto squared = [&] {
    Variable y = sum(x * x);
    const auto view = adapt<double>(x.data());
    CHECK(view(1) == 2);
    return y;
  };
  CHECK_NOTHROW(squared().backward());
  Array array = x.data();
  Variable y = squared();
  adapt<double>(array)(0) = 3;
  array.mark_changed();
  CHECK_THROWS_WITH(y.backward(), ContainsSubstring("changed"));
}

TEST_CASE("an expression is assigned to a view of an existing array, and must have its shape") {
  const Array x = {{1.f, 2.f}, {3.f, 4.f}};
  Array y = Array::zeros({2, 2});
  xt::noalias(adapt<float>(y)) = adapt<float>(x) * 2.f;
  CHECK(values(y) == std::vector<double>{2, 4, 6, 8});
  xt::noalias(adapt<float, 2>(y)) = adapt<float, 2>(x) + adapt<float, 1>(Array{10.f, 20.f});
  CHECK(values(y) == std::vector<double>{11, 22, 13, 24});
  CHECK_THROWS(xt::noalias(adapt<float>(y)) = adapt<float>(Array{1.f, 2.f}) * 2.f);
  CHECK_THROWS(xt::noalias(adapt<float>(y)) = adapt<float>(Array{1.f, 2.f, 3.f, 4.f, 5.f}) * 2.f);
  CHECK(values(y) == std::vector<double>{11, 22, 13, 24});
}

TEST_CASE("from_xtensor evaluates an expression") {
  const Array x = {{1.0, 2.0}, {3.0, 4.0}};
  const auto view = adapt<double>(x);
  const Array y = from_xtensor(view * 2 + 1);
  CHECK(y.dtype() == Dtype::float64);
  CHECK(y.shape() == Shape{2, 2});
  CHECK(values(y) == std::vector<double>{3, 5, 7, 9});
  CHECK(values(from_xtensor(xt::transpose(view))) == std::vector<double>{1, 3, 2, 4});
  CHECK(values(from_xtensor(xt::view(view, xt::all(), 1))) == std::vector<double>{2, 4});
  CHECK(values(from_xtensor(view + adapt<double>(Array{10.0, 20.0}))) == std::vector<double>{11, 22, 13, 24});
  CHECK(values(from_xtensor(xt::where(view > 2.0, view, 0.0))) == std::vector<double>{0, 0, 3, 4});
  CHECK_FALSE(from_xtensor(view).shares_memory_with(x));
  CHECK_THROWS_AS(from_xtensor(view + adapt<double>(Array{1.0, 2.0, 3.0})), xt::broadcast_error);

  int evaluations = 0;
  const auto count = xt::make_lambda_xfunction([&](double value) { return ++evaluations, value; }, view);
  CHECK(values(from_xtensor(count)) == values(x));
  CHECK(evaluations == 4);
}

TEST_CASE("from_xtensor copies containers, in either layout") {
  xt::xarray<std::int64_t> numbers = {{1, 2, 3}};
  Array array = from_xtensor(numbers);
  CHECK(array.shape() == Shape{1, 3});
  array.fill(0);
  CHECK(numbers(0, 2) == 3);
  CHECK(from_xtensor(xt::xarray<float>{{1, 2}, {3, 4}}).dtype() == Dtype::float32);
  const xt::xarray<float, xt::layout_type::column_major> columns = {{1, 2}, {3, 4}};
  CHECK(values(from_xtensor(columns)) == std::vector<double>{1, 2, 3, 4});
  const xt::xtensor<double, 2> fixed_rank = {{1, 2}, {3, 4}};
  CHECK(values(from_xtensor(fixed_rank)) == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("from_xtensor of reducers") {
  const Array x = {{1.0, 2.0}, {3.0, 4.0}};
  const auto view = adapt<double>(x);
  CHECK(values(from_xtensor(xt::sum(view, {0}))) == std::vector<double>{4, 6});
  CHECK(from_xtensor(xt::sum(view)).shape() == Shape{});
  CHECK(from_xtensor(xt::sum(view)).item() == 10);
  CHECK(from_xtensor(xt::sum(view, {1}, xt::keep_dims)).shape() == Shape{2, 1});
  CHECK(values(from_xtensor(xt::mean(view, {1}))) == std::vector<double>{1.5, 3.5});
  CHECK(values(from_xtensor(xt::variance(view, {1}))) == std::vector<double>{0.25, 0.25});

  // g++ takes these for containers of another rank under C++20, unless xtensor.h says what they are.
  const auto row_sums = xt::eval(xt::sum(view, {1}));
  REQUIRE(row_sums.dimension() == 1);
  CHECK(row_sums(1) == 7);
  CHECK(xt::eval(xt::sum(view))() == 10);
  const auto kept = xt::keep_dims | xt::evaluation_strategy::immediate;
  CHECK(values(from_xtensor(view - xt::amax(view, {1}, kept))) == std::vector<double>{-1, 0, -1, 0});
}

TEST_CASE("from_xtensor of scalars and of no elements") {
  CHECK(from_xtensor(adapt<float>(Array::scalar(2)) * 3.f).item() == 6);
  CHECK(from_xtensor(adapt<float>(Array::scalar(2)) * 3.f).shape() == Shape{});
  for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{3, 0}, Shape{2, 0, 3}}) {
    const Array empty = Array::zeros(shape);
    CHECK(from_xtensor(adapt<float>(empty) + 1.f).shape() == shape);
    CHECK(from_xtensor(xt::xarray<float>(adapt<float>(empty))).shape() == shape);
  }
}

TEST_CASE("from_xtensor stores types without a dtype as Array's constructors do") {
  const Array x = {1.0, 2.0, 3.0};
  const Array flags = from_xtensor(adapt<double>(x) > 1.0);
  CHECK(flags.dtype() == Dtype::uint8);
  CHECK(values(flags) == std::vector<double>{0, 1, 1});
  CHECK(from_xtensor(xt::xarray<std::uint8_t>{7}).dtype() == Dtype::uint8);
  CHECK(from_xtensor(xt::xarray<short>{7}).dtype() == Dtype::int32);
  CHECK(from_xtensor(xt::xarray<long long>{7}).dtype() == Dtype::int64);
  const Array indices = from_xtensor(xt::xarray<std::size_t, xt::layout_type::column_major>{{1, 2}, {3, 4}});
  CHECK(indices.dtype() == Dtype::int64);
  CHECK(values(indices) == std::vector<double>{1, 2, 3, 4});
  const Array integer_sum =
      from_xtensor(xt::sum<long long>(adapt<std::int32_t>(Array({3, 4}, Dtype::int32))));
  CHECK(integer_sum.dtype() == Dtype::int64);
  CHECK(integer_sum.item() == 7);
  CHECK_THROWS_WITH(from_xtensor(xt::xarray<std::uint64_t>{1, std::numeric_limits<std::uint64_t>::max()}),
                    "Array: value 1 is 18446744073709551615, which int64 does not hold");
}
