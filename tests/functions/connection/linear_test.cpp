#include "tenbin/functions/connection/linear.h"

#include <limits>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// y = x W^T + b for x of `rows` rows, by plain loops.
std::vector<double> affine(const Arrays& xs, std::size_t rows) {
  const auto x = values(xs[0]);
  const auto W = values(xs[1]);
  const std::size_t out = xs[1].shape()[0];
  const std::size_t in = xs[1].shape()[1];
  const auto b = xs.size() == 3 ? values(xs[2]) : std::vector<double>(out, 0.0);
  std::vector<double> y;
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < out; ++j) {
      double sum = b[j];
      for (std::size_t k = 0; k < in; ++k) sum += x[i * in + k] * W[j * in + k];
      y.push_back(sum);
    }
  return y;
}

void check_linear(const Arrays& inputs, std::size_t n_batch_axes = 1) {
  check_function({
      .inputs = inputs,
      .forward =
          [=](const Variables& xs) {
            return linear(xs[0], xs[1], xs.size() == 3 ? xs[2] : Variable(), n_batch_axes);
          },
      .expected =
          [=](const Arrays& xs) {
            std::size_t rows = 1;
            for (std::size_t axis = 0; axis < n_batch_axes; ++axis) rows *= xs[0].shape()[axis];
            return affine(xs, rows);
          },
  });
}

}  // namespace

TEST_CASE("linear", "[gpu]") {
  check_linear({uniform({3, 5}), uniform({4, 5}), uniform({4})});
  check_linear({uniform({3, 5}), uniform({4, 5})});
}

TEST_CASE("linear on one row, one column, one output", "[gpu]") {
  check_linear({uniform({1, 5}), uniform({3, 5}), uniform({3})});
  check_linear({uniform({5, 1}), uniform({3, 1}), uniform({3})});
  check_linear({uniform({5, 4}), uniform({1, 4}), uniform({1})});
}

TEST_CASE("linear flattens the axes after the batch", "[gpu]") {
  check_linear({uniform({2, 3, 4}), uniform({5, 12}), uniform({5})});
  Variable y = linear(Variable(uniform({2, 3, 2, 2})), Variable(uniform({5, 12})));
  CHECK(y.shape() == Shape{2, 5});
}

TEST_CASE("linear keeps n_batch_axes axes", "[gpu]") {
  check_linear({uniform({2, 3, 4}), uniform({5, 4}), uniform({5})}, 2);
  check_linear({uniform({2, 3, 4, 2}), uniform({5, 8})}, 2);
  Variable y = linear(Variable(uniform({2, 3, 4})), Variable(uniform({5, 4})), {}, 2);
  CHECK(y.shape() == Shape{2, 3, 5});
}

TEST_CASE("linear on zero rows", "[gpu]") {
  on_every_device([](Device device) {
    Variable W(Array{{1.f, 2.f}, {3.f, 4.f}}.to(device));
    Variable b(Array{5.f, 6.f}.to(device));
    Variable y = linear(Array::zeros({0, 2}).to(device), W, b);
    CHECK(y.shape() == Shape{0, 2});
    y.set_grad(Array::zeros({0, 2}).to(device));
    y.backward();
    CHECK(values(W.grad()) == std::vector<double>{0, 0, 0, 0});
    CHECK(values(b.grad()) == std::vector<double>{0, 0});
  });
}

TEST_CASE("linear on inputs without features is the bias", "[gpu]") {
  on_every_device([](Device device) {
    Variable b(Array{5.f, 6.f}.to(device));
    CHECK(values(linear(Array::zeros({2, 0}).to(device), Array::zeros({2, 0}).to(device), b).data()) ==
          std::vector<double>{5, 6, 5, 6});
  });
}

TEST_CASE("linear forwards NaN and infinity", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    Variable y = linear(Array{{inf, 1.f}}.to(device), Array{{1.f, 0.f}, {0.f, 1.f}}.to(device));
    CHECK(values(y.data())[0] == inf);
    CHECK(std::isnan(values(y.data())[1]));
  });
}

TEST_CASE("the bias gradient of linear is right to one rounding, however many rows there are", "[gpu]") {
  on_every_device([](Device device) {
    for (const std::size_t out : {1u, 2u, 64u, 67u})
      for (const std::size_t rows : {1u, 43'500u}) {
        CAPTURE(out, rows);
        Variable b(Array::zeros({out}).to(device));
        Variable y = linear(Array::zeros({rows, 1}).to(device), Array::zeros({out, 1}).to(device), b);
        y.set_grad(Array::full({rows, out}, 0.1).to(device));
        y.backward();
        const double sum = static_cast<float>(static_cast<double>(rows) * static_cast<double>(0.1f));
        CHECK(values(b.grad()) == std::vector<double>(out, sum));
      }
  });
}

TEST_CASE("linear gives no gradient to a constant x", "[gpu]") {
  on_every_device([](Device device) {
    Variable W(Array{{1.f, 2.f}}.to(device));
    const Variable x(Array{{3.f, 4.f}}.to(device), false);
    linear(x, W).backward();
    CHECK_FALSE(x.grad());
    CHECK(values(W.grad()) == std::vector<double>{3, 4});
  });
}

TEST_CASE("linear refuses what does not fit") {
  const Array x = Array::zeros({3, 5});
  const Array W = Array::zeros({4, 5});
  CHECK_THROWS_WITH(linear(Array::zeros({3, 5}, Dtype::int32), W),
                    "linear: x must be float32 or float64, got int32(3, 5)");
  CHECK_THROWS_WITH(linear(x, Array::zeros({4, 5}, Dtype::float64)),
                    "linear: x and W differ in dtype: float32(3, 5) and float64(4, 5)");
  CHECK_THROWS_WITH(linear(x, Array::zeros({4, 6})),
                    "linear: x and W differ in in_size (5 and 6): float32(3, 5) and float32(4, 6)");
  CHECK_THROWS_WITH(linear(Array::zeros({2, 3, 4}), W),
                    "linear: x and W differ in in_size (12 and 5): float32(2, 3, 4) and float32(4, 5)");
  CHECK_THROWS_WITH(linear(x, Array::zeros({5})), "linear: W must be (out_size, in_size), got float32(5)");
  CHECK_THROWS_WITH(linear(x, W, Array::zeros({5})),
                    "linear: b must be (4) for W float32(4, 5), got float32(5)");
  CHECK_THROWS_WITH(linear(x, W, Array::zeros({4}, Dtype::float64)),
                    "linear: x and b differ in dtype: float32(3, 5) and float64(4)");
  CHECK_THROWS_WITH(linear(Array::zeros({5}), W), "linear: x must have more than 1 axes, got float32(5)");
  CHECK_THROWS_WITH(linear(x, W, {}, 2), "linear: x must have more than 2 axes, got float32(3, 5)");
  CHECK_THROWS_WITH(linear(x, W, {}, 0), "linear: n_batch_axes must be at least 1, got 0");
}
