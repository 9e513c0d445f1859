#include "tenbin/links/initializers.h"

#include <algorithm>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

double mean_square(const Array& array) {
  double sum = 0;
  for (const double v : values(array)) sum += v * v;
  return sum / static_cast<double>(array.size());
}

double largest(const Array& array) {
  double bound = 0;
  for (const double v : values(array)) bound = std::max(bound, std::abs(v));
  return bound;
}

const Shape weight{50, 20, 3, 3};  // fan_in 180, fan_out 450

}  // namespace

TEST_CASE("Gaussian initializers have the documented deviation") {
  CHECK(mean_square(LeCunNormal()(weight)) == Approx(1.0 / 180).epsilon(0.05));
  CHECK(mean_square(LeCunNormal{2}(weight)) == Approx(4.0 / 180).epsilon(0.05));
  CHECK(mean_square(GlorotNormal()(weight)) == Approx(2.0 / 630).epsilon(0.05));
  CHECK(mean_square(HeNormal()(weight)) == Approx(2.0 / 180).epsilon(0.05));
  CHECK(mean_square(Normal()(weight)) == Approx(0.0025).epsilon(0.05));
}

TEST_CASE("uniform initializers fill the documented interval") {
  const auto check = [](const Array& array, double bound) {
    CHECK(largest(array) <= bound);
    CHECK(largest(array) > 0.99 * bound);
    CHECK(mean_square(array) == Approx(bound * bound / 3).epsilon(0.05));
  };
  check(LeCunUniform()(weight, Dtype::float64), std::sqrt(3.0 / 180));
  check(GlorotUniform()(weight, Dtype::float64), std::sqrt(6.0 / 630));
  check(HeUniform()(weight, Dtype::float64), std::sqrt(6.0 / 180));
  check(Uniform()(weight, Dtype::float64), 0.05);
}

TEST_CASE("constant initializers") {
  CHECK(values(Constant(3)({2, 1}, Dtype::float64)) == std::vector<double>{3, 3});
  CHECK(values(Zero()({2})) == std::vector<double>{0, 0});
  CHECK(values(One()({})) == std::vector<double>{1});
  const Array given{1.f, 2.f};
  const Array made = Constant(given)({2}, Dtype::float32);
  CHECK(values(made) == values(given));
  CHECK_FALSE(made.shares_memory_with(given));
}

TEST_CASE("initializers repeat with the seed") {
  random::seed(5);
  const auto first = values(HeNormal()(weight));
  CHECK(values(HeNormal()(weight)) != first);
  random::seed(5);
  CHECK(values(HeNormal()(weight)) == first);
}

TEST_CASE("initializers refuse shapes without a fan") {
  CHECK_THROWS_WITH(LeCunNormal()({3}),
                    "Initializer: expected a weight of two axes or more, got the shape (3)");
  CHECK(LeCunNormal()({3, 0}).size() == 0);
}
