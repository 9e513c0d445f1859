#include "tenbin/functions/array/expand_dims.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("expand_dims inserts an axis of length 1", "[gpu]") {
  for (const auto& [axis, shape] : {std::pair<int, Shape>{0, {1, 2, 3}},
                                    {1, {2, 1, 3}},
                                    {2, {2, 3, 1}},
                                    {-1, {2, 3, 1}},
                                    {-3, {1, 2, 3}}}) {
    CAPTURE(axis);
    CHECK(expand_dims(Array::zeros({2, 3}), axis).shape() == shape);
    check_function({
        .inputs = {uniform({2, 3})},
        .forward = [axis = axis](const Variables& xs) { return expand_dims(xs[0], axis); },
        .expected = [](const Arrays& xs) { return values(xs[0]); },
    });
  }
}

TEST_CASE("expand_dims at the edges") {
  const Array x = Array::scalar(3);
  const Variable y = expand_dims(x, -1);
  CHECK(y.shape() == Shape{1});
  CHECK(y.data().shares_memory_with(x));
  CHECK(expand_dims(Array::empty({0, 2}, Dtype::int32), 1).shape() == Shape{0, 1, 2});
  CHECK_THROWS_WITH(expand_dims(Array::zeros({2, 3}), 3),
                    "expand_dims: axis 3 is out of range for a new axis of float32(2, 3)");
  CHECK_THROWS_WITH(expand_dims(x, -2), "expand_dims: axis -2 is out of range for a new axis of float32()");
}
