#include "tenbin/evaluation/accuracy.h"

#include <limits>

#include "tenbin/tests/catch.h"

using namespace tenbin;

namespace {
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float NaN = std::numeric_limits<float>::quiet_NaN();
using Classes = std::vector<std::int64_t>;
}  // namespace

TEST_CASE("argmax takes the first of the largest") {
  const Array classes =
      argmax(Array{{1.f, 3.f, 2.f}, {5.f, 5.f, 5.f}, {-2.f, -1.f, -1.f}, {-0.f, 0.f, -0.f}});
  CHECK(classes.dtype() == Dtype::int64);
  CHECK(classes.to_vector<std::int64_t>() == Classes{1, 0, 1, 0});
  CHECK(argmax(Array{{7.0}}).to_vector<std::int64_t>() == Classes{0});
}

TEST_CASE("argmax of infinities, and NaN as in NumPy") {
  const Array x = {{-inf, -inf, -inf}, {0.f, inf, inf}, {inf, NaN, 0.f}, {NaN, inf, NaN}, {0.f, NaN, NaN}};
  CHECK(argmax(x).to_vector<std::int64_t>() == Classes{0, 1, 1, 0, 1});
}

TEST_CASE("argmax reduces axis 1 of more than two") {
  // (1, 2, 3): the classes lie three elements apart.
  const Array x = {{{1.0, 5.0, 2.0}, {4.0, 3.0, 2.0}}};
  CHECK(argmax(x).shape() == Shape{1, 3});
  CHECK(argmax(x).to_vector<std::int64_t>() == Classes{1, 0, 0});
  const Array two = {{{1.0, 5.0}, {4.0, 3.0}}, {{0.0, 1.0}, {0.0, 2.0}}};
  CHECK(argmax(two).to_vector<std::int64_t>() == Classes{1, 0, 0, 1});
}

TEST_CASE("argmax of no rows, and what it refuses") {
  CHECK(argmax(Array::zeros({0, 3})).shape() == Shape{0});
  CHECK(argmax(Array::zeros({2, 3, 0})).shape() == Shape{2, 0});
  const std::string expected = "argmax: x must be float32 or float64 of shape (N, C, ...) with C > 0, got ";
  CHECK_THROWS_WITH(argmax(Array::zeros({2, 0})), expected + "float32(2, 0)");
  CHECK_THROWS_WITH(argmax(Array{1.f, 2.f}), expected + "float32(2)");
  CHECK_THROWS_WITH(argmax(Array{{1, 2}}), expected + "int32(1, 2)");
  CHECK_THROWS_WITH(argmax(Array()), expected + "none");
}

TEST_CASE("accuracy of logits and of classes") {
  const Array y = {{2.f, 1.f}, {0.f, 3.f}, {1.f, 1.f}, {0.f, 1.f}};  // 0 1 0 1
  CHECK(accuracy(y, Array{0, 1, 1, 0}) == 0.5);
  CHECK(accuracy(y, Array({0, 1, 0, 0}, Dtype::int64)) == 0.75);
  CHECK(accuracy(Array{0, 1, 0}, Array({0, 1, 1}, Dtype::uint8)) == 2.0 / 3);
  CHECK(accuracy(Array{{{1.0, 5.0}, {4.0, 3.0}}}, Array{{1, 1}}) == 0.5);
}

TEST_CASE("accuracy leaves out ignored positions") {
  const Array y = {{2.f, 1.f}, {0.f, 3.f}, {1.f, 1.f}};
  CHECK(accuracy(y, Array{0, -1, 1}) == 0.5);
  CHECK(accuracy(y, Array{0, 255, 1}, 255) == 0.5);
  CHECK(accuracy(y, Array{0, 1, 1}, 1) == 1.0);  // an ignored label inside the range
  CHECK(accuracy(y, Array{-1, -1, -1}) == 0.0);
  CHECK(accuracy(Array::zeros({0, 2}), Array::zeros({0}, Dtype::int32)) == 0.0);
}

TEST_CASE("accuracy refuses what does not fit") {
  const Array y = {{2.f, 1.f}, {0.f, 3.f}};
  CHECK_THROWS_WITH(accuracy(y, Array{0, 2}), "accuracy: t[1] = 2 is not a class in [0, 2)");
  CHECK_THROWS_WITH(accuracy(y, Array{-1, 0}, 255), "accuracy: t[0] = -1 is not a class in [0, 2)");
  CHECK_THROWS_WITH(accuracy(y, Array{0.f, 1.f}),
                    "accuracy: t must be int32, int64 or uint8, got float32(2)");
  CHECK_THROWS_WITH(
      accuracy(y, Array{0, 1, 1}),
      "accuracy: y must be logits (N, C, ...) or integer classes of t's shape, got float32(2, 2) "
      "for t int32(3)");
  CHECK_THROWS_WITH(
      accuracy(Array{0, 1}, Array{{0, 1}}),
      "accuracy: y must be logits (N, C, ...) or integer classes of t's shape, got int32(2) for t "
      "int32(1, 2)");
}
