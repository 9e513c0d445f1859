#include "tenbin/functions/loss/bernoulli_nll.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> losses(const Arrays& xs) {
  auto loss = values(xs[0]);
  const auto y = values(xs[1]);
  for (std::size_t i = 0; i < y.size(); ++i) loss[i] = std::log(1 + std::exp(y[i])) - loss[i] * y[i];
  return loss;
}

double total(const Arrays& xs) {
  double sum = 0;
  for (const double loss : losses(xs)) sum += loss;
  return sum;
}

}  // namespace

TEST_CASE("bernoulli_nll", "[gpu]") {
  const Arrays inputs{uniform({3, 4}, 0, 1), uniform({3, 4}, -3, 3)};
  check_function({
      .inputs = inputs,
      .forward = [](const Variables& xs) { return bernoulli_nll(xs[0], xs[1]); },
      .expected = [](const Arrays& xs) { return std::vector<double>{total(xs)}; },
  });
  check_function({
      .inputs = inputs,
      .forward = [](const Variables& xs) { return bernoulli_nll(xs[0], xs[1], Reduce::mean); },
      .expected = [](const Arrays& xs) { return std::vector<double>{total(xs) / 12}; },
  });
  check_function({
      .inputs = inputs,
      .forward = [](const Variables& xs) { return bernoulli_nll(xs[0], xs[1], Reduce::no); },
      .expected = losses,
  });
}

TEST_CASE("bernoulli_nll keeps the digits of a likely x and does not overflow", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array{1.f, 0.f, 1.f, 0.f, 1.f, 0.f, 1.f}.to(device);
    Variable y(Array{30.f, -30.f, INFINITY, -INFINITY, -INFINITY, INFINITY, NAN}.to(device));
    Variable loss = bernoulli_nll(x, y, Reduce::no);
    const double tail = std::log1p(std::exp(-30.0));
    check_close(values(loss.data()), {tail, tail, 0, 0, INFINITY, INFINITY, NAN}, 0, 1e-6);
    loss.set_grad(Array::ones({7}, Dtype::float32, device));
    loss.backward();
    check_close(values(y.grad()), {-tail, tail, 0, 0, -1, 1, NAN}, 0, 1e-6);
  });
}

TEST_CASE("bernoulli_nll refuses what does not fit", "[gpu]") {
  const Array x = Array::zeros({2, 1}, Dtype::float32);
  CHECK_THROWS_WITH(bernoulli_nll(Array{1, 0}, x),
                    "bernoulli_nll: x must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(bernoulli_nll(x, Array{1.f, 2.f}),
                    "bernoulli_nll: x and y differ in shape: float32(2, 1) and float32(2)");
  on_every_device([](Device device) {
    const Array none = Array::empty({0, 3}, Dtype::float32, device);
    CHECK(bernoulli_nll(none, none, Reduce::mean).item() == 0);
  });
}
