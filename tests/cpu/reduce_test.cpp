// Broadcasting, and reducing back, on the CPU, against loops over indices.
#include "tenbin/cpu/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/core/shapes.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> some_numbers(std::size_t size) {
  return random::Generator(1).normal({size}, 0, 1, Dtype::float64).to_vector<double>();
}

std::vector<double> values(const Array& array) { return array.to_vector<double>(); }

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("broadcast_to repeats elements of every dtype") {
  for (const auto& [small, large] : broadcast_pairs) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8}) {
      CAPTURE(small, large, dtype);
      const std::size_t size = element_count(small);
      std::vector<double> x(size), expected(element_count(large));
      for (std::size_t i = 0; i < size; ++i) x[i] = static_cast<double>(i % 200);
      for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = x[origin(i, small, large)];
      const Array y = cpu::broadcast_to(Array(x).astype(dtype).reshape(small), large);
      CHECK(y.dtype() == dtype);
      CHECK(y.shape() == large);
      CHECK(values(y) == expected);
    }
  }
  CHECK(cpu::broadcast_to(Array{1.f}, {3, 0}).shape() == Shape{3, 0});
  const Array x = {1.f, 2.f};
  CHECK(cpu::broadcast_to(x, {2}).shares_memory_with(x));
}

TEMPLATE_TEST_CASE("sums, means, maxima and minima are over the elements that broadcasting repeats", "",
                   float, double) {
  using T = TestType;
  for (const auto& [small, large] : broadcast_pairs) {
    CAPTURE(small, large);
    const Array x = Array(some_numbers(element_count(large))).astype(dtype_of<T>).reshape(large);
    const auto elements = values(x);
    const std::size_t size = element_count(small);
    std::vector<double> sum(size), magnitude(size), max(size, -inf), min(size, inf);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const std::size_t to = origin(i, small, large);
      sum[to] += elements[i];
      magnitude[to] += std::abs(elements[i]);
      max[to] = std::max(max[to], elements[i]);
      min[to] = std::min(min[to], elements[i]);
    }
    CHECK(values(cpu::max_to(x, small)) == max);
    CHECK(values(cpu::min_to(x, small)) == min);
    const auto sums = values(cpu::sum_to(x, small));
    const auto means = values(cpu::mean_to(x, small));
    REQUIRE(sums.size() == size);
    REQUIRE(means.size() == size);
    const double count = static_cast<double>(elements.size()) / static_cast<double>(size);
    for (std::size_t i = 0; i < size; ++i) {
      // float32 is rounded once for each group of axes, from sums in double.
      const double tolerance = 4 * magnitude[i] * std::numeric_limits<T>::epsilon();
      CHECK(std::abs(sums[i] - sum[i]) <= tolerance);
      CHECK(std::abs(means[i] - sum[i] / count) <= tolerance / count);
    }
  }
}

TEST_CASE("sums of a million float32 are rounded once") {
  const std::size_t count = std::size_t{1} << 20;
  const Array ones = Array::full({count, 3}, 1.f);
  CHECK(cpu::sum_to(ones, {3}).to_vector<float>() == std::vector<float>(3, 1048576));
  CHECK(cpu::sum_to(ones, {}).item<float>() == 3145728);
  const Array tenths = Array::full({count, 1}, 0.1f);
  CHECK(cpu::mean_to(tenths, {1}).item<float>() == 0.1f);
  // 2^24 and then ones, each of which a sum in float32 would lose.
  Array swamped = Array::full({1001}, 1.f);
  swamped.data<float>()[0] = 16777216;
  CHECK(cpu::sum_to(swamped, {}).item<float>() == 16778216);
}

TEST_CASE("a mean of finite numbers is finite, even if their sum overflows") {
  const double most = std::numeric_limits<double>::max();
  CHECK(cpu::mean_to(Array{most, most, most}, {}).item() == most);
  CHECK(values(cpu::mean_to(Array{{most, -most}, {most, -most}}, {2})) == std::vector<double>{most, -most});
  CHECK(cpu::mean_to(Array{inf, 1.0}, {}).item() == inf);
  CHECK(std::isnan(cpu::mean_to(Array{inf, -inf}, {}).item()));
  const float most32 = std::numeric_limits<float>::max();
  CHECK(cpu::mean_to(Array{most32, most32}, {}).item<float>() == most32);
}

TEST_CASE("reducing no elements gives the initial value of the reduction") {
  const Array none = Array::zeros({0, 2});
  CHECK(values(cpu::sum_to(none, {2})) == std::vector<double>{0, 0});
  CHECK(values(cpu::max_to(none, {2})) == std::vector<double>{-inf, -inf});
  CHECK(values(cpu::min_to(none, {2})) == std::vector<double>{inf, inf});
  CHECK(std::isnan(values(cpu::mean_to(none, {2}))[1]));
  CHECK(cpu::sum_to(none, {0, 1}).shape() == Shape{0, 1});
  CHECK(cpu::sum_to(none, {}).item() == 0);
}

TEST_CASE("a NaN makes its own result NaN, wherever it is, and no other") {
  for (const std::size_t width : {3u, 64u, 67u, 130u}) {
    for (const std::size_t row : {0u, 8u, 1029u}) {
      CAPTURE(width, row);
      Array x = Array::full({1030, width}, 1.0, Dtype::float64);
      x.data<double>()[row * width + width - 1] = not_a_number;
      for (const Array& columns : {cpu::sum_to(x, {width}), cpu::max_to(x, {width}), cpu::min_to(x, {width}),
                                   cpu::mean_to(x, {width})}) {
        const auto results = values(columns);
        CHECK(std::isnan(results[width - 1]));
        CHECK(std::none_of(results.begin(), results.end() - 1, [](double v) { return std::isnan(v); }));
      }
      for (const Array& rows :
           {cpu::sum_to(x, {1030, 1}), cpu::max_to(x, {1030, 1}), cpu::min_to(x, {1030, 1})}) {
        const auto results = values(rows);
        CHECK(std::isnan(results[row]));
        CHECK(std::count_if(results.begin(), results.end(), [](double v) { return std::isnan(v); }) == 1);
      }
    }
  }
}

TEST_CASE("an array that has the shape already is returned unchanged") {
  const Array x = {{1.0, 2.0}};
  for (const Array& y : {cpu::sum_to(x, {1, 2}), cpu::max_to(x, {1, 2}), cpu::min_to(x, {1, 2})})
    CHECK(y.shares_memory_with(x));
  CHECK(values(cpu::mean_to(x, {1, 2})) == std::vector<double>{1, 2});
}

TEMPLATE_TEST_CASE("sum_middle sums the middle axis into existing memory", "", float, double) {
  using T = TestType;
  const std::size_t outer = 3, count = 5, inner = 67;
  const auto numbers = some_numbers(outer * count * inner);
  const std::vector<T> x(numbers.begin(), numbers.end());
  Array sums = Array::full({outer * inner + 1}, 42, dtype_of<T>);
  cpu::sum_middle(Array(x), outer, count, inner, sums);
  const std::vector<T> y = sums.to_vector<T>();
  for (std::size_t i = 0; i < outer; ++i) {
    for (std::size_t k = 0; k < inner; ++k) {
      double sum = 0;
      for (std::size_t j = 0; j < count; ++j) sum += static_cast<double>(x[(i * count + j) * inner + k]);
      CHECK(y[i * inner + k] == static_cast<T>(sum));
    }
  }
  CHECK(y.back() == 42);
}

TEST_CASE("repeat_middle repeats along a new middle axis, into memory that is there") {
  const Array x = {1, 2, 3, 4};
  Array y = Array::full({13}, 42, Dtype::int32);
  cpu::repeat_middle(x, 2, 3, 2, y);
  CHECK(y.to_vector<int>() == std::vector<int>{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4, 42});
  cpu::repeat_middle(x, 4, 2, 1, y);
  CHECK(y.to_vector<int>() == std::vector<int>{1, 1, 2, 2, 3, 3, 4, 4, 3, 4, 3, 4, 42});
  constexpr std::size_t many = 100001;  // on several threads
  Array rows = Array::full({4 * many}, 42, Dtype::int32);
  cpu::repeat_middle(x, 1, many, 4, rows);
  bool same = true;
  for (std::size_t i = 0; i < rows.size(); ++i)
    same = same && rows.data<std::int32_t>()[i] == static_cast<std::int32_t>(i % 4 + 1);
  CHECK(same);
  cpu::repeat_middle(x, 1, many, 0, rows);  // rows without elements
  CHECK(rows.data<std::int32_t>()[0] == 1);
}
