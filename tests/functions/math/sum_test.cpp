#include "tenbin/functions/math/sum.h"

#include "tenbin/functions/array/broadcast_to.h"
#include "tenbin/tests/functions/math/reductions.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("sum", "[gpu]") {
  check_reduction(
      uniform({2, 3, 4}), [](const Variable& x, const ReductionOptions& options) { return sum(x, options); },
      [](const std::vector<double>& xs) {
        double y = 0;
        for (const double x : xs) y += x;
        return y;
      });
}

TEST_CASE("the ways to pass axes to sum") {
  const Variable x(Array{{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}});
  CHECK(sum(x).item() == 21);
  CHECK(values(sum(x, 0).data()) == std::vector<double>{5, 7, 9});
  CHECK(values(sum(x, -1).data()) == std::vector<double>{6, 15});
  CHECK(sum(x, 1, true).shape() == Shape{2, 1});
  CHECK(values(sum(x, {.axis = 1}).data()) == std::vector<double>{6, 15});
  CHECK(sum(x, {.axis = {0, 1}}).shape() == Shape{});
  CHECK(sum(x, {.axis = {0}, .keepdims = true}).shape() == Shape{1, 3});
  CHECK(sum(x, {.keepdims = true}).shape() == Shape{1, 1});
  const auto takes_braced_axes = [](const auto& v) {
    return requires { sum(v, {0, 1}); };
  };
  CHECK_FALSE(takes_braced_axes(x));  // it would mean axis 0 and keepdims
}

TEST_CASE("sums of long float32 rows and columns are right to one rounding", "[gpu]") {
  on_every_device([](Device device) {
    const std::size_t n = 1'000'003;  // a multiple neither of a lane's nor of a block's length
    const double expected = static_cast<double>(n) * static_cast<double>(0.1f);
    const Array tenth = Array::full({n}, 0.1).to(device);
    CHECK(sum(tenth).item<float>() == static_cast<float>(expected));
    for (const std::size_t columns : {2u, 65u}) {
      const Array rows = Array::full({n / 65, columns}, 0.1).to(device);
      const float one = static_cast<float>(static_cast<double>(n / 65) * static_cast<double>(0.1f));
      CHECK(values(sum(rows, 0).data()) == std::vector<double>(columns, one));
    }
  });
}

TEST_CASE("sums of every length around the lanes and halves", "[gpu]") {
  on_every_device([](Device device) {
    for (const std::size_t n : {1u, 7u, 8u, 9u, 15u, 17u, 1023u, 1024u, 1025u, 1033u, 2049u, 4099u}) {
      CAPTURE(n);
      const Array x = Array::arange(n).astype(Dtype::float64).to(device);
      CHECK(sum(x).item() == static_cast<double>(n * (n - 1) / 2));
      // 63, 64, 65 columns: around the size of a block
      for (const std::size_t columns : {63u, 64u, 65u}) {
        const Array matrix =
            Array::arange(n * columns).astype(Dtype::float64).reshape({n, columns}).to(device);
        const auto y = values(sum(matrix, 0).data());
        for (std::size_t j = 0; j < columns; ++j)
          REQUIRE(y[j] == static_cast<double>(columns * (n * (n - 1) / 2) + j * n));
      }
    }
  });
}

TEST_CASE("sums of no elements, and over axes of length 1", "[gpu]") {
  on_every_device([](Device device) {
    const Variable x(Array::zeros({0, 3}).to(device));
    CHECK(values(sum(x, 0).data()) == std::vector<double>{0, 0, 0});
    CHECK(sum(x, 1).shape() == Shape{0});
    CHECK(sum(x).item() == 0);
    const Variable y(Array::ones({2, 1, 3}).to(device));
    CHECK(sum(y, 1).shape() == Shape{2, 3});
    CHECK(sum(y).item() == 6);
    CHECK(sum(Array::scalar(5).to(device)).item() == 5);
  });
}

TEST_CASE("sum refuses axes that do not exist") {
  const Variable x(Array::zeros({2, 3}));
  CHECK_THROWS_WITH(sum(x, 2), "sum: axis 2 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(sum(x, -3), "sum: axis -3 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(sum(Array::scalar(1), 0), "sum: axis 0 is out of range for float32()");
  CHECK_THROWS_WITH(sum(x, {.axis = {1, -1}}), "sum: axis -1 is named twice for float32(2, 3)");
  CHECK_THROWS_WITH((Axes{0, 1, 2, 3, 4, 5, 6, 7, 8}), "Axes: an array has at most 8 axes");
  CHECK_THROWS_WITH(sum(Array{1, 2}), "sum: x must be float32 or float64, got int32(2)");
}

TEST_CASE("sum over empty braces is the sum over everything") {
  CHECK(sum(Variable(Array{{1.0, 2.0}, {3.0, 4.0}}), {}).item() == 10);
}

TEST_CASE("broadcasting to an axis of 2^36 without elements is fast") {
  CHECK(broadcast_to(Variable(Array::zeros({1, 0})), {std::size_t{1} << 36, 0}).size() == 0);
}

TEST_CASE("sum over as many axes as an array can have") {
  const Variable x(Array::ones({2, 1, 2, 1, 2, 1, 2, 1}));
  CHECK(sum(x, {.axis = {0, 1, 2, 3, 4, 5, 6, 7}}).item() == 16);
}
