// The axes of a reduction, and the shapes of its results.
#include "tenbin/functions/math/reduction.h"

#include "tenbin/core/array.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/core/custom_function.h"

using namespace tenbin;

namespace {

void check_shapes(const Shape& shape, const ReductionOptions& options, const Shape& kept,
                  const Shape& result) {
  const testing::Custom f("f");
  CAPTURE(shape);
  const ReducedShape reduced = reduce_shape(f, Array::zeros(shape), options);
  CHECK(reduced.kept == kept);
  CHECK(reduced.result == result);
}

}  // namespace

TEST_CASE("reduced axes are removed, or kept with length 1") {
  check_shapes({2, 3, 5}, {}, {1, 1, 1}, {});
  check_shapes({2, 3, 5}, {.keepdims = true}, {1, 1, 1}, {1, 1, 1});
  check_shapes({2, 3, 5}, {.axis = 1}, {2, 1, 5}, {2, 5});
  check_shapes({2, 3, 5}, {.axis = -1, .keepdims = true}, {2, 3, 1}, {2, 3, 1});
  check_shapes({2, 3, 5}, {.axis = {-1, 0}}, {1, 3, 1}, {3});
  check_shapes({2, 3, 5}, {.axis = {2, 1, 0}}, {1, 1, 1}, {});
  check_shapes({0, 3}, {.axis = 0}, {1, 3}, {3});
  check_shapes({0, 3}, {.axis = 1}, {0, 1}, {0});
  check_shapes({}, {}, {}, {});
  check_shapes({1}, {.axis = 0}, {1}, {});
  check_shapes({1, 1, 1, 1, 1, 1, 1, 2}, {.axis = {0, 1, 2, 3, 4, 5, 6, 7}}, {1, 1, 1, 1, 1, 1, 1, 1}, {});
}

TEST_CASE("an axis that does not exist, or is given twice, is an error") {
  const testing::Custom f("f");
  const Array x = Array::zeros({3, 4});
  const auto reduce = [&](const Axes& axes) { return reduce_shape(f, x, {.axis = axes}); };
  CHECK_THROWS_WITH(reduce(2), "f: axis 2 is out of range for float32(3, 4)");
  CHECK_THROWS_WITH(reduce({0, -3}), "f: axis -3 is out of range for float32(3, 4)");
  CHECK_THROWS_WITH(reduce({1, 1}), "f: axis 1 is named twice for float32(3, 4)");
  CHECK_THROWS_WITH(reduce({1, -1}), "f: axis -1 is named twice for float32(3, 4)");
  CHECK_THROWS_WITH(reduce_shape(f, Array::scalar(1.f), {.axis = 0}),
                    "f: axis 0 is out of range for float32()");
  CHECK_THROWS_WITH((Axes{0, 1, 2, 3, 4, 5, 6, 7, 8}), "Axes: an array has at most 8 axes");
}

TEST_CASE("a Flag is made from a bool only, not from types that convert to bool") {
  CHECK(Flag(true));
  CHECK_FALSE(Flag(false));
  STATIC_REQUIRE(std::is_convertible_v<bool, Flag>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Flag, int>);  // sum(x, {0, 1}) is not axis 0 with keepdims
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Flag, const char*>);
}
