#include "tenbin/functions/array/transpose.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("transpose reverses the axes", "[gpu]") {
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

TEST_CASE("transpose with a permutation that is not its own inverse", "[gpu]") {
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

TEST_CASE("transpose at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const auto zeros = [=](const Shape& shape) { return Array::zeros(shape, Dtype::float32, device); };
    CHECK(transpose(zeros({2, 0, 3})).shape() == Shape{3, 0, 2});
    CHECK(transpose(zeros({2}), {-1}).shape() == Shape{2});
    CHECK(transpose(Array::scalar(3, Dtype::float32, device)).item() == 3);
    CHECK(transpose(zeros({1, 2, 1, 2, 1, 2, 1, 3})).shape() == Shape{3, 1, 2, 1, 2, 1, 2, 1});
    const Array x{{1, 2}, {3, 4}};
    for (const Dtype dtype : {Dtype::uint8, Dtype::int32, Dtype::int64}) {
      CHECK(values(transpose(x.astype(dtype).to(device)).data()) == std::vector<double>{1, 3, 2, 4});
      CHECK(values(transpose(x.astype(dtype).to(device), {0, 1}).data()) == std::vector<double>{1, 2, 3, 4});
    }
  });
}

TEST_CASE("transpose of a matrix that fills several blocks of threads, and of eight axes", "[gpu]") {
  on_every_device([](Device device) {
    const Variable y = transpose(Array::arange(257 * 130).reshape({257, 130}).to(device));
    const auto y_values = values(y.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < 257; ++i)
      for (std::size_t j = 0; j < 130; ++j)
        wrong += y_values[j * 257 + i] != static_cast<double>(i * 130 + j);
    CHECK(wrong == 0);

    Variable x(Array::arange(2 * 3 * 2 * 2 * 3 * 2 * 2 * 2)
                   .astype(Dtype::float32)
                   .reshape({2, 3, 2, 2, 3, 2, 2, 2})
                   .to(device));
    Variable z = transpose(x, {7, 1, 0, 3, 6, 5, 2, 4});
    CHECK(z.shape() == Shape{2, 3, 2, 2, 2, 2, 2, 3});
    CHECK(values(z.data())[1] == 8);    // a step along axis 4 of x
    CHECK(values(z.data())[288] == 1);  // a step along its last
    z.set_grad(z.data());
    z.backward();
    CHECK(values(x.grad()) == values(x.data()));
  });
}

TEST_CASE("transpose refuses axes that are not a permutation") {
  const Array x = Array::zeros({2, 3});
  CHECK_THROWS_WITH(transpose(x, {0}), "transpose: 1 axes given for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {0, 1, 2}), "transpose: 3 axes given for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {0, 2}), "transpose: axis 2 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {-3, 0}), "transpose: axis -3 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(transpose(x, {1, -1}), "transpose: axis 1 is given twice for float32(2, 3)");
}
