#include "tenbin/functions/array/squeeze.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("squeeze removes axes of length 1", "[gpu]") {
  const Array x = Array::zeros({1, 3, 1, 2, 1});
  CHECK(squeeze(x).shape() == Shape{3, 2});
  CHECK(squeeze(x, 0).shape() == Shape{3, 1, 2, 1});
  CHECK(squeeze(x, {0, -1}).shape() == Shape{3, 1, 2});
  CHECK(squeeze(x, 2).data().shares_memory_with(x));
  check_function({
      .inputs = {uniform({4, 1, 3, 1})},
      .forward = [](const Variables& xs) { return squeeze(xs[0], -1); },
      .expected = [](const Arrays& xs) { return values(xs[0]); },
  });
}

TEST_CASE("squeeze at the edges, and its errors") {
  CHECK(squeeze(Array::zeros({1, 1})).shape() == Shape{});
  CHECK(squeeze(Array::scalar(1)).shape() == Shape{});
  CHECK(squeeze(Array::empty({0, 1}, Dtype::int32)).shape() == Shape{0});
  CHECK(squeeze(Array::zeros({2, 3})).shape() == Shape{2, 3});
  const Array x = Array::zeros({1, 3});
  CHECK_THROWS_WITH(squeeze(x, 1), "squeeze: an axis to remove must have length 1, got float32(1, 3)");
  CHECK_THROWS_WITH(squeeze(x, 2), "squeeze: axis 2 is out of range for float32(1, 3)");
  CHECK_THROWS_WITH(squeeze(x, {0, -2}), "squeeze: axis -2 is named twice for float32(1, 3)");
}
