#include "tenbin/functions/math/minmax.h"

#include <algorithm>
#include <limits>

#include "tenbin/tests/functions/math/reductions.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double NaN = std::numeric_limits<double>::quiet_NaN();

// 24 values in no order, far enough apart for numerical gradients.
Array scattered() {
  std::vector<double> x;
  for (int i = 0; i < 24; ++i) x.push_back(0.25 * (i * 7 % 24) - 2.875);
  return Array(x, {2, 3, 4});
}

}  // namespace

TEST_CASE("max", "[gpu]") {
  check_reduction(
      scattered(), [](const Variable& x, const ReductionOptions& options) { return max(x, options); },
      [](const std::vector<double>& xs) { return *std::max_element(xs.begin(), xs.end()); }, true);
}

TEST_CASE("min", "[gpu]") {
  check_reduction(
      scattered(), [](const Variable& x, const ReductionOptions& options) { return min(x, options); },
      [](const std::vector<double>& xs) { return *std::min_element(xs.begin(), xs.end()); }, true);
}

TEST_CASE("every tied element gets the gradient of a maximum", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.0, 1.0, 0.0}, {2.0, 2.0, 2.0}, {-0.0, 0.0, -1.0}}.to(device));
    Variable y = max(x, 1);
    y.set_grad(Array{3.0, 5.0, 7.0}.to(device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{3, 3, 0, 5, 5, 5, 7, 7, 0});
    x.cleargrad();
    Variable z = min(x);
    z.backward();
    CHECK(values(x.grad()) == std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 1});
  });
}

TEST_CASE("infinities and NaN", "[gpu]") {
  on_every_device([](Device device) {
    CHECK(max(Array{-inf, -inf}.to(device)).item() == -inf);
    CHECK(min(Array{inf, inf}.to(device)).item() == inf);
    // A NaN is the result wherever it is: in a lane, in the remainder of a row, in a column.
    for (std::size_t position = 0; position < 19; ++position) {
      CAPTURE(position);
      std::vector<double> row(19, 1);
      row[position] = NaN;
      Variable x{Array(row).to(device)};
      Variable y = max(x);
      CHECK(std::isnan(y.item()));
      CHECK(std::isnan(min(x).item()));
      CHECK(std::isnan(max(Array(row, {19, 1}).to(device)).item()));
      Array columns(row, {19, 1});
      const auto both =
          values(max(Array(std::vector<double>{row[0], 1, row[1], 1}, {2, 2}).to(device), 0).data());
      CHECK(both[1] == 1);
      CHECK(std::isnan(both[0]) == (position < 2));
      y.backward();
      CHECK(values(x.grad()) == std::vector<double>(19, 0));
    }
  });
}

TEST_CASE("the maximum of no elements is an error", "[gpu]") {
  const Variable x(Array::zeros({0, 3}));
  CHECK_THROWS_WITH(max(x), "max: there are no elements to choose from in float32(0, 3)");
  CHECK_THROWS_WITH(min(x, 0), "min: there are no elements to choose from in float32(0, 3)");
  CHECK_THROWS_WITH(max(x, 2), "max: axis 2 is out of range for float32(0, 3)");
  CHECK_THROWS_WITH(min(Array{1, 2}), "min: x must be float32 or float64, got int32(2)");
  on_every_device([](Device device) {
    CHECK(max(Array::zeros({0, 3}, Dtype::float32, device), 1).shape() == Shape{0});
  });
}
