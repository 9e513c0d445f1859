// Lines along an axis.
#include "tenbin/core/lines.h"

#include <algorithm>
#include <vector>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/core/shapes.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("lines visit every element once, and their elements differ in one index") {
  for (const Shape& shape : shapes_of_lines) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      CAPTURE(shape, axis);
      const Lines lines = lines_along(shape, axis);
      CHECK(lines.length == shape[axis]);
      REQUIRE(lines.count() * lines.length == element_count(shape));
      std::vector<int> visits(element_count(shape));
      bool straight = true;
      for (std::size_t line = 0; line < lines.count(); ++line) {
        Shape index = unravel_index(lines.start(line), shape);
        for (std::size_t j = 0; j < lines.length; ++j) {
          index[axis] = j;
          const std::size_t position = lines.start(line) + j * lines.inner;
          straight = straight && position == position_of(index, shape);
          ++visits.at(position);
        }
      }
      CHECK(straight);
      CHECK(std::all_of(visits.begin(), visits.end(), [](int count) { return count == 1; }));
    }
  }
}

TEST_CASE("lines of no elements") {
  CHECK(lines_along({0, 3}, 0).count() == 3);  // three lines of length 0
  CHECK(lines_along({0, 3}, 0).length == 0);
  CHECK(lines_along({0, 3}, 1).count() == 0);
  CHECK(lines_along({2, 0, 3}, 2).count() == 0);
}

TEST_CASE("a view is contiguous if its elements are adjacent in row-major order") {
  CHECK(View{}.is_contiguous());
  CHECK(View{5, {2, 3}, {3, 1}}.is_contiguous());
  CHECK(View{0, {2, 1, 3}, {3, 0, 1}}.is_contiguous());  // an axis of length 1 has any stride
  CHECK_FALSE(View{0, {2, 3}, {4, 1}}.is_contiguous());
  CHECK_FALSE(View{0, {3}, {-1}}.is_contiguous());
  CHECK_FALSE(View{0, {3}, {0}}.is_contiguous());
  CHECK(strides_of({2, 3, 4}) == Shape{12, 4, 1});
  CHECK(strides_of({}) == Shape{});
}
