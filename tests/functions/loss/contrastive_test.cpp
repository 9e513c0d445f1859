#include "tenbin/functions/loss/contrastive.h"

#include <algorithm>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> losses(const Arrays& xs, double margin) {
  const auto a = values(xs[0]), b = values(xs[1]), y = values(xs[2]);
  const std::size_t columns = xs[0].shape()[1];
  std::vector<double> loss;
  for (std::size_t row = 0; row < y.size(); ++row) {
    double square = 0;
    for (std::size_t i = row * columns; i < (row + 1) * columns; ++i) square += std::pow(a[i] - b[i], 2);
    const double missing = std::max(margin - std::sqrt(square), 0.0);
    loss.push_back((y[row] == 1 ? square : missing * missing) / 2);
  }
  return loss;
}

}  // namespace

TEST_CASE("contrastive", "[gpu]") {
  // The last pair is farther apart than the margin.
  const Array x0{{0.1, 0.2}, {0.3, -0.4}, {1.0, -1.0}, {2.0, 2.0}},
      x1{{1.0, 0.5}, {0.25, -0.5}, {0.5, -0.8}, {0.0, 0.5}};
  const Array labels{1, 0, 0, 0};
  for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
    CAPTURE(dtype);
    check_function({
        .inputs = {x0, x1, labels.astype(dtype)},
        .forward = [](const Variables& xs) { return contrastive(xs[0], xs[1], xs[2], 1, Reduce::no); },
        .expected = [](const Arrays& xs) { return losses(xs, 1); },
    });
  }
  check_function({
      .inputs = {x0, x1, labels},
      .forward = [](const Variables& xs) { return contrastive(xs[0], xs[1], xs[2], 3); },
      .expected =
          [](const Arrays& xs) {
            double sum = 0;
            for (const double loss : losses(xs, 3)) sum += loss;
            return std::vector<double>{sum / 4};
          },
  });
}

TEST_CASE("contrastive of equal rows, of distant ones, and of none", "[gpu]") {
  on_every_device([](Device device) {
    Variable x0(Array{{1.f, 2.f}, {1.f, 2.f}, {1e30f, 0.f}, {NAN, 0.f}}.to(device));
    Variable x1(Array{{1.f, 2.f}, {1.f, 2.f}, {0.f, 0.f}, {0.f, 0.f}}.to(device));
    const Array y = Array{1, 0, 0, 0}.to(device);
    Variable loss = contrastive(x0, x1, y, 2, Reduce::no);
    check_close(values(loss.data()), {0, 2, 0, NAN}, 0, 0);
    loss.set_grad(Array{1.f, 1.f, 1.f, 0.f}.to(device));
    loss.backward();
    const auto gx0 = values(x0.grad()), gx1 = values(x1.grad());
    check_close({gx0.begin(), gx0.begin() + 6}, {0, 0, 0, 0, 0, 0}, 0, 0);
    check_close({gx1.begin(), gx1.begin() + 6}, {0, 0, 0, 0, 0, 0}, 0, 0);

    // The gradient is the direction, times what is missing to the margin, however close the rows are.
    Variable near(Array{{3e-12f, 4e-12f}}.to(device));
    contrastive(near, Array{{0.f, 0.f}}.to(device), Array{0}.to(device)).backward();
    check_close(values(near.grad()), {-0.6, -0.8}, 0, 1e-5);

    const Array none = Array::empty({0, 2}, Dtype::float32, device);
    CHECK(contrastive(none, none, Array::empty({0}, Dtype::int32, device)).item() == 0);
  });
}

TEST_CASE("contrastive reports a wrong label at the next read, or before", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array::zeros({3, 2}, Dtype::float32, device);
    CHECK_THROWS_WITH(contrastive(x, x, Array{0, 2, -1}.to(device)).item(),
                      "contrastive: y[1] = 2 is not a class in [0, 2)");
    CHECK_THROWS_WITH(contrastive(x, x, Array{0, 1, -1}.to(device)).item(),
                      "contrastive: y[2] = -1 is not a class in [0, 2)");
  });
}

TEST_CASE("contrastive refuses what does not fit") {
  const Array x = Array::zeros({2, 1}, Dtype::float32);
  CHECK_THROWS_WITH(contrastive(x, x, Array{0, 1}, -1),
                    "contrastive: margin must be positive and finite, got -1");
  CHECK_THROWS_WITH(contrastive(Array{1.f}, x, Array{0}), "contrastive: x0 must be (N, D), got float32(1)");
  CHECK_THROWS_WITH(contrastive(x, Array{1.f}, Array{0}),
                    "contrastive: x0 and x1 differ in shape: float32(2, 1) and float32(1)");
  CHECK_THROWS_WITH(contrastive(x, x, Array{0.f, 1.f}),
                    "contrastive: y must be int32, int64 or uint8, got float32(2)");
  CHECK_THROWS_WITH(contrastive(x, x, Array{0, 1, 1}),
                    "contrastive: y must be (2), a label per row of x0, got int32(3)");
}
