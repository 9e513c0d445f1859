#include "tenbin/functions/activation/prelu.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// W, of `count` elements, belongs to x's axes after the first one; `inner` elements of x share one of it.
std::vector<double> expected(const Arrays& xs, std::size_t inner) {
  auto y = values(xs[0]);
  const auto w = values(xs[1]);
  for (std::size_t i = 0; i < y.size(); ++i)
    if (y[i] < 0) y[i] *= w[i / inner % w.size()];
  return y;
}

}  // namespace

TEST_CASE("prelu", "[gpu]") {
  struct Row {
    Shape x, w;
    std::size_t inner;
  };
  const Row rows[] = {
      {{3, 4}, {}, 1}, {{3, 4}, {4}, 1}, {{2, 3, 4}, {3}, 4}, {{2, 3, 2}, {3, 2}, 1}, {{5}, {}, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.x, row.w);
    check_function({
        .inputs = {uniform(row.x), uniform(row.w, 0.1, 0.5)},
        .forward = [](const Variables& xs) { return prelu(xs[0], xs[1]); },
        .expected = [&](const Arrays& xs) { return expected(xs, row.inner); },
    });
  }
}

TEST_CASE("prelu at the edges", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{0.f, -0.f, -INFINITY, INFINITY, std::nanf("")}}.to(device));
    const Variable w(Array::full({}, 0.25, Dtype::float32, device));
    Variable y = prelu(x, w);
    check_close(values(y.data()), {0, 0, -INFINITY, INFINITY, NAN}, 0, 0);
    y.set_grad(Array::ones(y.shape(), Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {1, 1, 0.25, 1, 1}, 0, 0);
    check_close(values(w.grad()), {-INFINITY}, 0, 0);
  });
}

TEST_CASE("prelu refuses slopes that do not fit") {
  const Array x = Array::zeros({2, 3}, Dtype::float32);
  CHECK_THROWS_WITH(prelu(Array{1, 2}, Array{1.f}), "prelu: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(prelu(x, Array{1.0}), "prelu: x and W differ in dtype: float32(2, 3) and float64(1)");
  CHECK_THROWS_WITH(
      prelu(x, Array{1.f, 2.f}),
      "prelu: W must have the lengths of x along axes 1, 2, ..., got float32(2) for float32(2, 3)");
  CHECK_THROWS_WITH(
      prelu(Array{1.f}, Array{1.f}),
      "prelu: W must have the lengths of x along axes 1, 2, ..., got float32(1) for float32(1)");
}
