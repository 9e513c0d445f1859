#include "tenbin/functions/array/split_axis.h"

#include "tenbin/functions/array/stack.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("split_axis gives the parts of an axis", "[gpu]") {
  for (const std::size_t part : {0u, 1u, 2u}) {
    CAPTURE(part);
    check_function({
        .inputs = {uniform({3, 5, 2})},
        .forward =
            [=](const Variables& xs) {
              return split_axis(xs[0], {1, 4}, 1)[part];
            },
        .expected =
            [=](const Arrays& xs) {
              const std::size_t ends[] = {0, 1, 4, 5};
              std::vector<double> y;
              for (std::size_t i = 0; i < 3; ++i)
                for (std::size_t j = ends[part]; j < ends[part + 1]; ++j)
                  for (std::size_t k = 0; k < 2; ++k) y.push_back(xs[0].at(i, j, k));
              return y;
            },
    });
    check_function({
        .inputs = {uniform({6, 2})},
        .forward = [=](const Variables& xs) { return split_axis(xs[0], 3, -2)[part]; },
        .expected =
            [=](const Arrays& xs) {
              const auto x = values(xs[0]);
              const auto begin = x.begin() + static_cast<std::ptrdiff_t>(4 * part);
              return std::vector<double>(begin, begin + 4);
            },
    });
  }
}

TEST_CASE("split_axis joins the gradients of its parts", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 2.f, 3.f, 4.f}}.to(device));
    Variables parts = split_axis(x, 2, 1);
    Variable y = stack(parts);
    CHECK(values(y.data()) == std::vector<double>{1, 2, 3, 4});
    y.set_grad(Array{{{5.f, 6.f}}, {{7.f, 8.f}}}.to(device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{5, 6, 7, 8});
  });
}

TEST_CASE("split_axis at the edges") {
  const std::size_t at = 2;
  const Array x = Array::arange(5);
  CHECK(values(split_axis(x, {at}, 0)[1].data()) == std::vector<double>{2, 3, 4});
  CHECK(split_axis(x, {at}, 0)[0].data().shares_memory_with(x));
  const std::vector<int> ends{0, 2, 2, 5};
  const Variables parts = split_axis(x, SplitPoints(ends.begin(), ends.end()), 0);
  REQUIRE(parts.size() == 5);
  CHECK(parts[0].shape() == Shape{0});
  CHECK(parts[2].shape() == Shape{0});
  CHECK(parts[3].shape() == Shape{3});
  CHECK(parts[4].shape() == Shape{0});
  CHECK(split_axis(x, 1, 0).size() == 1);
  CHECK(split_axis(x, SplitPoints{}, 0).size() == 1);
  CHECK(split_axis(Array::zeros({2, 0}), 3, 1)[2].shape() == Shape{2, 0});
}

TEST_CASE("split_axis refuses parts that are none") {
  const Array x = Array::zeros({2, 7});
  CHECK_THROWS_WITH(split_axis(x, 3, 1),
                    "split_axis: axis 1 of float32(2, 7) does not divide into 3 equal parts");
  CHECK_THROWS_WITH(split_axis(x, 0, 1), "split_axis: the number of parts must be at least 1, got 0");
  CHECK_THROWS_WITH(split_axis(x, 1, 2), "split_axis: axis 2 is out of range for float32(2, 7)");
  CHECK_THROWS_WITH(split_axis(x, {4, 3}, 1),
                    "split_axis: the indices must be ascending and in [0, 7], got 3 after 4 for axis 1 of "
                    "float32(2, 7)");
  CHECK_THROWS_WITH(split_axis(x, {8}, 1),
                    "split_axis: the indices must be ascending and in [0, 7], got 8 after 0 for axis 1 of "
                    "float32(2, 7)");
  CHECK_THROWS_WITH(split_axis(x, {-1}, 1),
                    "split_axis: the indices must be ascending and in [0, 7], got -1 after 0 for axis 1 of "
                    "float32(2, 7)");
}
