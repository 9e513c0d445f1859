#include "tenbin/functions/loss/triplet.h"

#include <algorithm>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> losses(const Arrays& xs, double margin) {
  const auto anchor = values(xs[0]), positive = values(xs[1]), negative = values(xs[2]);
  const std::size_t columns = xs[0].shape()[1];
  std::vector<double> loss(xs[0].shape()[0], margin);
  for (std::size_t i = 0; i < anchor.size(); ++i)
    loss[i / columns] += std::pow(anchor[i] - positive[i], 2) - std::pow(anchor[i] - negative[i], 2);
  for (double& l : loss) l = std::max(l, 0.0);
  return loss;
}

}  // namespace

TEST_CASE("triplet", "[gpu]") {
  // Of each three rows, the second has a negative farther than the margin: its loss is 0.
  const Arrays inputs{Array{{0.1, 0.2}, {0.3, -0.4}, {1.0, -1.0}},
                      Array{{1.0, 0.5}, {0.25, -0.5}, {0.5, 2.0}},
                      Array{{0.2, 0.3}, {3.0, 2.0}, {-1.0, 1.5}}};
  CHECK(losses(inputs, 0.2)[1] == 0);
  check_function({
      .inputs = inputs,
      .forward = [](const Variables& xs) { return triplet(xs[0], xs[1], xs[2], 0.2, Reduce::no); },
      .expected = [](const Arrays& xs) { return losses(xs, 0.2); },
  });
  check_function({
      .inputs = inputs,
      .forward = [](const Variables& xs) { return triplet(xs[0], xs[1], xs[2]); },
      .expected =
          [](const Arrays& xs) {
            const auto loss = losses(xs, 0.2);
            return std::vector<double>{(loss[0] + loss[1] + loss[2]) / 3};
          },
  });
  check_function({
      .inputs = inputs,
      .forward = [](const Variables& xs) { return triplet(xs[0], xs[1], xs[2], 2, Reduce::sum); },
      .expected =
          [](const Arrays& xs) {
            const auto loss = losses(xs, 2);
            return std::vector<double>{loss[0] + loss[1] + loss[2]};
          },
  });
}

TEST_CASE("triplet of equal rows, and of none", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 2.f}}.to(device));
    Variable loss = triplet(x, x, x);
    CHECK(loss.item<float>() == 0.2f);
    loss.backward();
    check_close(values(x.grad()), {0, 0}, 0, 0);
    const Array none = Array::empty({0, 2}, Dtype::float32, device);
    CHECK(triplet(none, none, none).item() == 0);
  });
}

TEST_CASE("triplet refuses what does not fit") {
  const Array x = Array::zeros({2, 1}, Dtype::float32), y = Array::zeros({2, 2}, Dtype::float32);
  CHECK_THROWS_WITH(triplet(x, x, x, 0), "triplet: margin must be positive and finite, got 0");
  CHECK_THROWS_WITH(triplet(Array{1.f}, x, x), "triplet: anchor must be (N, D), got float32(1)");
  CHECK_THROWS_WITH(triplet(x, y, x),
                    "triplet: anchor and positive differ in shape: float32(2, 1) and float32(2, 2)");
  CHECK_THROWS_WITH(triplet(x, x, y),
                    "triplet: anchor and negative differ in shape: float32(2, 1) and float32(2, 2)");
}
