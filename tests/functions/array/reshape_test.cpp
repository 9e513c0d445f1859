#include "tenbin/functions/array/reshape.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("reshape", "[gpu]") {
  check_function({
      .inputs = {uniform({4, 3, 2})},
      .forward =
          [](const Variables& xs) {
            return reshape(xs[0], {xs[0].shape()[0], 6});
          },
      .expected = [](const Arrays& xs) { return values(xs[0]); },
  });
}

TEST_CASE("reshape computes the length that is given as -1") {
  const Array x = Array::arange(12);
  CHECK(reshape(x, {-1}).shape() == Shape{12});
  CHECK(reshape(x, {-1, 3}).shape() == Shape{4, 3});
  CHECK(reshape(x, {2, -1, 3}).shape() == Shape{2, 2, 3});
  CHECK(reshape(x, {12, -1}).shape() == Shape{12, 1});
  CHECK(reshape(x, {std::size_t{2}, -1}).shape() == Shape{2, 6});
  CHECK(reshape(Array::zeros({0, 3}), {5, -1}).shape() == Shape{5, 0});
  CHECK(reshape(Array::scalar(1), {1, -1}).shape() == Shape{1, 1});
}

TEST_CASE("reshape to a Shape, and to a scalar") {
  const Array x{{1, 2}, {3, 4}};
  CHECK(reshape(x, Shape{4}).shape() == Shape{4});
  const Variable scalar = reshape(Array{7}, {});
  CHECK(scalar.shape() == Shape{});
  CHECK(scalar.dtype() == Dtype::int32);
  CHECK(scalar.item() == 7);
}

TEST_CASE("reshape shares the memory of its input, and the gradients stay apart", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 2.f}, {3.f, 4.f}}.to(device));
    Variable y = reshape(x, {4});
    CHECK(y.data().shares_memory_with(x.data()));
    y.set_grad(Array{1.f, 2.f, 3.f, 4.f}.to(device));
    y.backward();
    CHECK(x.grad().shape() == Shape{2, 2});
    CHECK(values(x.grad()) == std::vector<double>{1, 2, 3, 4});
    CHECK_FALSE(x.grad().shares_memory_with(y.grad()));
  });
}

TEST_CASE("reshape names both shapes when they do not fit") {
  const Array x = Array::zeros({2, 3});
  CHECK_THROWS_WITH(reshape(x, {4, 2}), "reshape: float32(2, 3) does not fit the shape (4, 2)");
  CHECK_THROWS_WITH(reshape(x, {4, -1}), "reshape: float32(2, 3) does not fit the shape (4, -1)");
  CHECK_THROWS_WITH(reshape(x, {}), "reshape: float32(2, 3) does not fit the shape ()");
  CHECK_THROWS_WITH(reshape(x, {-1, 2, -1}),
                    "reshape: only one length can be -1, got (-1, 2, -1) for float32(2, 3)");
  CHECK_THROWS_WITH(reshape(x, {-2, 3}),
                    "reshape: a length must be -1 or above, got (-2, 3) for float32(2, 3)");
  // 0 * anything is 0: no length is right.
  CHECK_THROWS_WITH(reshape(Array::zeros({0, 3}), {0, -1}),
                    "reshape: float32(0, 3) does not fit the shape (0, -1)");
}
