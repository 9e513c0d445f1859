// Shapes: their limits, the number of elements, indices from positions, and how they print.
#include "tenbin/core/shape.h"

#include <limits>
#include <sstream>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("a Shape is a list of lengths") {
  const std::vector<int> lengths = {2, 0, 5};
  const Shape shape(lengths.begin(), lengths.end());
  CHECK(shape == Shape{2, 0, 5});
  CHECK(shape.size() == 3);
  CHECK(shape.front() == 2);
  CHECK(shape.back() == 5);
  CHECK(std::vector<std::size_t>(shape.begin(), shape.end()) == std::vector<std::size_t>{2, 0, 5});
  CHECK_FALSE(shape.empty());
  CHECK(Shape{}.empty());

  Shape changed = shape;
  changed[1] = 7;
  changed.push_back(1);
  CHECK(changed == Shape{2, 7, 5, 1});
  CHECK(shape == Shape{2, 0, 5});
}

TEST_CASE("shapes are equal if they have the same lengths in the same order") {
  CHECK(Shape{} == Shape{});
  CHECK(Shape{} != Shape{1});
  CHECK(Shape{3} != Shape{3, 1});
  CHECK(Shape{1, 3} != Shape{3, 1});
  CHECK(Shape{0} != Shape{0, 0});
}

TEST_CASE("shapes have limits") {
  const Shape eight{1, 1, 1, 1, 1, 1, 1, 2};
  CHECK(Array::zeros(eight).reshape({2}).size() == 2);
  CHECK_THROWS_WITH((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), "Shape: an array has at most 8 axes");
  Shape full = eight;
  CHECK_THROWS_WITH(full.push_back(1), "Shape: an array has at most 8 axes");
  CHECK(full == eight);

  const std::size_t huge = std::size_t{1} << 32;
  const char* const too_large = "Shape: the number of elements is too large";
  CHECK_THROWS_WITH(Array::empty({huge, huge}), too_large);                  // 2^64 wraps to 0
  CHECK_THROWS_WITH(Array::empty({huge, huge, 2}), too_large);               // the last product does not wrap
  CHECK_THROWS_WITH(Array::empty({std::size_t{1} << 63}), too_large);        // times 4 bytes wraps to 0
  CHECK_THROWS_WITH(Array::zeros({3}).reshape({huge, huge, 3}), too_large);  // 0 elements, if it wrapped
  CHECK(Array::empty({huge, huge, 0}).size() == 0);
}

TEST_CASE("element_count is the product of the lengths, and an error from 2^60 on") {
  CHECK(element_count({}) == 1);
  CHECK(element_count({1, 1, 1}) == 1);
  CHECK(element_count({3, 5, 7}) == 105);
  CHECK(element_count({4, 0}) == 0);
  const std::size_t most = (std::size_t{1} << 60) - 1;
  CHECK(element_count({most}) == most);
  const char* const too_large = "Shape: the number of elements is too large";
  CHECK_THROWS_WITH(element_count({most + 1}), too_large);
  CHECK_THROWS_WITH(element_count({std::numeric_limits<std::size_t>::max()}), too_large);
  // No elements, wherever the 0 stands among lengths whose product is too large.
  const std::size_t huge = std::size_t{1} << 40;
  CHECK(element_count({0, huge, huge}) == 0);
  CHECK(element_count({huge, 0, huge}) == 0);
  CHECK(element_count({huge, huge, 0}) == 0);
}

TEST_CASE("unravel_index counts the last axis fastest") {
  const Shape shape{2, 1, 3, 5};
  std::size_t position = 0;
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t k = 0; k < 3; ++k)
      for (std::size_t l = 0; l < 5; ++l) CHECK(unravel_index(position++, shape) == Shape{i, 0, k, l});
  CHECK(unravel_index(0, {}) == Shape{});
  const std::size_t long_axis = std::size_t{1} << 40;
  CHECK(unravel_index(7 * long_axis - 1, {7, long_axis}) == Shape{6, long_axis - 1});
}

TEST_CASE("a Shape prints as a tuple") {
  const auto printed = [](const Shape& shape) {
    std::ostringstream out;
    out << shape;
    return out.str();
  };
  CHECK(printed({}) == "()");
  CHECK(printed({3}) == "(3)");
  CHECK(printed({8, 0, 1234567}) == "(8, 0, 1234567)");
}

TEST_CASE("subscript is the text of an element's indices") {
  CHECK(subscript(5, {2, 3}) == "[1, 2]");
  CHECK(subscript(4, {7}) == "[4]");
  CHECK(subscript(0, {}) == "[]");
}
