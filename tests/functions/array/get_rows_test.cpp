#include "tenbin/functions/array/get_rows.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("get_rows, with indices of two axes, some negative, some repeated") {
  check_function({
      .inputs = {uniform({4, 3}), Array({{0, -1}, {2, 2}, {-4, 3}}, Dtype::int64)},
      .forward = [](const Variables& xs) { return get_rows(xs[0], xs[1]); },
      .expected =
          [](const Arrays& xs) {
            const auto x = values(xs[0]);
            std::vector<double> y;
            for (const std::size_t row : {0u, 3u, 2u, 2u, 0u, 3u})
              for (std::size_t k = 0; k < 3; ++k) y.push_back(x[row * 3 + k]);
            return y;
          },
      .skip_empty_batch = true,  // a table without rows has none to pick
  });
}

TEST_CASE("get_rows of a vector, of deeper arrays and of integers") {
  check_function({
      .inputs = {uniform({5})},
      .forward =
          [](const Variables& xs) {
            return get_rows(xs[0], Array{4, 1}.to(xs[0].device()));
          },
      .expected =
          [](const Arrays& xs) {
            return std::vector<double>{values(xs[0])[4], values(xs[0])[1]};
          },
      .skip_empty_batch = true,
  });
  const Variable block = get_rows(Array{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, Array::scalar(1, Dtype::int32));
  CHECK(block.shape() == Shape{2, 2});
  CHECK(values(block.data()) == std::vector<double>{5, 6, 7, 8});
  const Array labels({7, 8, 9}, Dtype::uint8);
  CHECK(values(get_rows(labels, Array{2, 0}).data()) == std::vector<double>{9, 7});
}

TEST_CASE("get_rows leaves the gradient of rows that were not picked at zero and adds up the others") {
  Variable x(Array{{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}});
  Variable y = get_rows(x, Array{2, 0, -1});
  y.set_grad(Array{{1.f, 2.f}, {10.f, 20.f}, {100.f, 200.f}});
  y.backward();
  CHECK(values(x.grad()) == std::vector<double>{10, 20, 0, 0, 101, 202});
}

TEST_CASE("get_rows of nothing") {
  Variable x(Array::ones({3, 2}));
  Variable y = get_rows(x, Array::zeros({0}, Dtype::int32));
  CHECK(y.shape() == Shape{0, 2});
  y.set_grad(Array::zeros({0, 2}));
  y.backward();
  CHECK(values(x.grad()) == std::vector<double>(6, 0));
  CHECK(get_rows(Array::zeros({0, 2}), Array::zeros({0}, Dtype::int32)).shape() == Shape{0, 2});
  CHECK(get_rows(Array::zeros({2, 0}), Array{1, 1, 1}).shape() == Shape{3, 0});
}

TEST_CASE("get_rows names the index that is out of range") {
  const Array x = Array::zeros({3, 2});
  CHECK_THROWS_WITH(get_rows(x, Array{0, 1, 3}),
                    "get_rows: index 3 at position 2 is out of range for 3 rows");
  CHECK_THROWS_WITH(get_rows(x, Array({{0, -4}}, Dtype::int64)),
                    "get_rows: index -4 at position 1 is out of range for 3 rows");
  CHECK_THROWS_WITH(get_rows(Array::zeros({0, 2}), Array{0}),
                    "get_rows: index 0 at position 0 is out of range for 0 rows");
  CHECK_THROWS_WITH(get_rows(x, Array{1.f}), "get_rows: indices must be int32 or int64, got float32(1)");
  CHECK_THROWS_WITH(get_rows(Array::scalar(1), Array{0}),
                    "get_rows: x must have at least one axis, got float32()");
}
