// The checks that functions share, and their texts.
#include "tenbin/core/check.h"

#include "tenbin/tests/catch.h"
#include "tenbin/tests/core/custom_function.h"

using namespace tenbin;

TEST_CASE("require_floating takes float32 and float64, of any shape") {
  const testing::Custom f("f");
  CHECK_NOTHROW(require_floating(f, "x", Array::zeros({0, 2}, Dtype::float32)));
  CHECK_NOTHROW(require_floating(f, "x", Array::scalar(1.0)));
  for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8})
    CHECK_THROWS_WITH(require_floating(f, "x", Array::zeros({3}, dtype)),
                      std::string("f: x must be float32 or float64, got ") + to_string(dtype) + "(3)");
}

TEST_CASE("require_same_dtype compares dtypes only") {
  const testing::Custom f("f");
  const Array a = Array::zeros({3}, Dtype::float32);
  CHECK_NOTHROW(require_same_dtype(f, "a", a, "b", Array::zeros({2, 0}, Dtype::float32)));
  CHECK_THROWS_WITH(require_same_dtype(f, "a", a, "b", Array::zeros({3}, Dtype::float64)),
                    "f: a and b differ in dtype: float32(3) and float64(3)");
}

TEST_CASE("require_same_shape compares shapes only") {
  const testing::Custom f("f");
  const Array x = Array::zeros({3}, Dtype::float32);
  CHECK_NOTHROW(require_same_shape(f, "x", x, "t", Array::zeros({3}, Dtype::int32)));
  for (const Shape& shape : {Shape{4}, Shape{1, 3}, Shape{3, 1}, Shape{}, Shape{0}})
    CHECK_THROWS_WITH(require_same_shape(f, "x", x, "t", Array::zeros(shape)),
                      detail::text_of("f: x and t differ in shape: float32(3) and float32", shape));
}

TEST_CASE("require_axis counts from the front") {
  const testing::Custom f("f");
  const Array x = Array::zeros({3, 0, 5});
  for (int axis = 0; axis < 3; ++axis) {
    CHECK(require_axis(f, x, axis) == static_cast<std::size_t>(axis));
    CHECK(require_axis(f, x, axis - 3) == static_cast<std::size_t>(axis));
  }
  CHECK_THROWS_WITH(require_axis(f, x, 3), "f: axis 3 is out of range for float32(3, 0, 5)");
  CHECK_THROWS_WITH(require_axis(f, x, -4), "f: axis -4 is out of range for float32(3, 0, 5)");
  for (const int axis : {0, -1})
    CHECK_THROWS_WITH(require_axis(f, Array::scalar(1.f), axis),
                      detail::text_of("f: axis ", axis, " is out of range for float32()"));
}
