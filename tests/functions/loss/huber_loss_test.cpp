#include "tenbin/functions/loss/huber_loss.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> losses(const Arrays& xs, double delta) {
  auto y = values(xs[0]);
  const auto t = values(xs[1]);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double a = std::abs(y[i] - t[i]);
    y[i] = a <= delta ? a * a / 2 : delta * (a - delta / 2);
  }
  return y;
}

}  // namespace

TEST_CASE("huber_loss", "[gpu]") {
  for (const double delta : {1.0, 0.3, 100.0}) {
    CAPTURE(delta);
    const Arrays inputs{uniform({3, 4}, -2, 2), uniform({3, 4}, -2, 2)};
    check_function({
        .inputs = inputs,
        .forward = [=](const Variables& xs) { return huber_loss(xs[0], xs[1], delta, HuberReduce::no); },
        .expected = [=](const Arrays& xs) { return losses(xs, delta); },
    });
    check_function({
        .inputs = inputs,
        .forward = [=](const Variables& xs) { return huber_loss(xs[0], xs[1], delta); },
        .expected =
            [=](const Arrays& xs) {
              std::vector<double> sums(3, 0.0);
              const auto all = losses(xs, delta);
              for (std::size_t i = 0; i < all.size(); ++i) sums[i / 4] += all[i];
              return sums;
            },
    });
  }
  CHECK(huber_loss(Array::zeros({2, 3, 4}), Array::zeros({2, 3, 4}), 1).shape() == Shape{2, 4});
}

TEST_CASE("huber_loss at the kink and far from it", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{2.f, -2.f, 0.f, 1e30f, -INFINITY, NAN}.to(device));
    Variable t(Array::zeros({6}, Dtype::float32, device));
    Variable y = huber_loss(x, t, 2, HuberReduce::no);
    check_close(values(y.data()), {2, 2, 0, 2e30f, INFINITY, NAN}, 0, 0);
    y.set_grad(Array::full({6}, 3, Dtype::float32, device));
    y.backward();
    check_close(values(x.grad()), {6, -6, 0, 6, -6, NAN}, 0, 0);
    check_close(values(t.grad()), {-6, 6, 0, -6, 6, NAN}, 0, 0);
  });
}

TEST_CASE("huber_loss refuses what does not fit") {
  const Array x = Array::zeros({2, 1}, Dtype::float32);
  CHECK_THROWS_WITH(huber_loss(x, x, 0), "huber_loss: delta must be positive and finite, got 0");
  CHECK_THROWS_WITH(huber_loss(x, x, INFINITY), "huber_loss: delta must be positive and finite, got inf");
  CHECK_THROWS_WITH(
      huber_loss(Array{1.f}, Array{1.f}, 1),
      "huber_loss: x must have two axes or more to be summed along the second, got float32(1); did you "
      "mean HuberReduce::no?");
  CHECK_THROWS_WITH(huber_loss(x, Array{1.f, 2.f}, 1),
                    "huber_loss: x and t differ in shape: float32(2, 1) and float32(2)");
}
