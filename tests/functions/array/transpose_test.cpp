#include "tenbin/functions/array/transpose.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("transpose reverses the axes") {
  check_function({
      .inputs = {uniform({3, 2})},
      .forward = [](const Variables& xs) { return transpose(xs[0]); },
      .expected =
          [](const Arrays& xs) {
            const auto x = values(xs[0]);
            return std::vector<double>{x[0], x[2], x[4], x[1], x[3], x[5]};
          },
  });
}

TEST_CASE("transpose with a cycle of axes, whose inverse is another one") {
  check_function({
      .inputs = {uniform({2, 3, 4})},
      .forward =
          [](const Variables& xs) {
            return transpose(xs[0], {1, -1, 0});
          },
      .expected =
          [](const Arrays& xs) {
            const auto x = values(xs[0]);
            std::vector<double> y;
            for (std::size_t j = 0; j < 3; ++j)
              for (std::size_t k = 0; k < 4; ++k)
                for (std::size_t i = 0; i < 2; ++i) y.push_back(x[(i * 3 + j) * 4 + k]);
            return y;
          },
  });
  CHECK(transpose(Array::zeros({2, 3, 4}), {1, -1, 0}).shape() == Shape{3, 4, 2});
}

TEST_CASE("transpose at the edges") {
  CHECK(transpose(Array::zeros({2, 0, 3})).shape() == Shape{3, 0, 2});
  CHECK(transpose(Array{1.f, 2.f}, {-1}).shape() == Shape{2});
  CHECK(transpose(Array::scalar(3)).item() == 3);
  CHECK(transpose(Array::zeros({1, 2, 1, 2, 1, 2, 1, 3})).shape() == Shape{3, 1, 2, 1, 2, 1, 2, 1});
  CHECK(values(transpose(Array({{1, 2}, {3, 4}}, Dtype::uint8)).data()) == std::vector<double>{1, 3, 2, 4});
  CHECK(values(transpose(Array({{1, 2}, {3, 4}}, Dtype::int64), {0, 1}).data()) ==
        std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("transpose refuses axes that are no order of its input's") {
  const Array x = Array::zeros({2, 3});
  CHECK_THROWS_WITH(transpose(x, {0}), "transpose: 1 axes given for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {0, 1, 2}), "transpose: 3 axes given for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {0, 2}), "transpose: axis 2 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {-3, 0}), "transpose: axis -3 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {1, -1}), "transpose: axis 1 is given twice for float32(2, 3)");
}
