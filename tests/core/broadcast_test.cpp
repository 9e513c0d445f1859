// The shapes that arrays broadcast to.
#include "tenbin/core/broadcast.h"

#include "tenbin/tests/catch.h"
#include "tenbin/tests/core/custom_function.h"
#include "tenbin/tests/core/shapes.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("broadcast_shape follows NumPy's rule") {
  const auto check = [](const Shape& a, const Shape& b, const Shape& expected) {
    CAPTURE(a, b);
    CHECK(broadcast_shape(a, b) == expected);
    CHECK(broadcast_shape(b, a) == expected);
  };
  for (const auto& [small, large] : broadcast_pairs) check(small, large, large);
  check({3, 1}, {1, 5}, {3, 5});
  check({3, 1}, {5}, {3, 5});
  check({2, 1, 1}, {3, 1}, {2, 3, 1});
  check({1}, {0}, {0});  // a length of 1 fits 0 as well
  check({0, 1}, {1, 5}, {0, 5});
  CHECK(broadcast_shape({3}, {4}) == std::nullopt);
  CHECK(broadcast_shape({3}, {0}) == std::nullopt);
  CHECK(broadcast_shape({2, 3}, {3, 2}) == std::nullopt);
  CHECK(broadcast_shape({3, 1}, {4, 5}) == std::nullopt);
}

TEST_CASE("can_broadcast_to checks one direction only") {
  for (const auto& [small, large] : broadcast_pairs) {
    CAPTURE(small, large);
    CHECK(can_broadcast_to(small, large));
    CHECK(can_broadcast_to(large, small) == (small == large));
  }
  CHECK(can_broadcast_to({1}, {0}));
  CHECK_FALSE(can_broadcast_to({0}, {1}));
  CHECK_FALSE(can_broadcast_to({3, 1}, {1, 5}));
  CHECK_FALSE(can_broadcast_to({1, 3}, {3}));  // not by dropping an axis
}

TEST_CASE("require_broadcast names both arguments") {
  const Custom f("f");
  CHECK(require_broadcast(f, "a", Array::zeros({3, 1}), "b", Array::zeros({5}, Dtype::int32)) == Shape{3, 5});
  CHECK_THROWS_WITH(require_broadcast(f, "a", Array::zeros({3}), "b", Array::zeros({4}, Dtype::float64)),
                    "f: a and b do not broadcast: float32(3) and float64(4)");
}
