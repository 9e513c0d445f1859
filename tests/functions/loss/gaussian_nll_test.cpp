#include "tenbin/functions/loss/gaussian_nll.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const double log_2_pi = std::log(2 * std::acos(-1.0));

std::vector<double> nll(const Arrays& xs) {
  const auto x = values(xs[0]), mean = values(xs[1]), ln_var = values(xs[2]);
  std::vector<double> losses;
  for (std::size_t i = 0; i < x.size(); ++i)
    losses.push_back((log_2_pi + ln_var[i] + std::pow(x[i] - mean[i], 2) / std::exp(ln_var[i])) / 2);
  return losses;
}

std::vector<double> divergence(const Arrays& xs) {
  const auto mean = values(xs[0]), ln_var = values(xs[1]);
  std::vector<double> losses;
  for (std::size_t i = 0; i < mean.size(); ++i)
    losses.push_back((mean[i] * mean[i] + std::exp(ln_var[i]) - ln_var[i] - 1) / 2);
  return losses;
}

std::vector<double> reduced(const std::vector<double>& losses, Reduce reduce) {
  if (reduce == Reduce::no) return losses;
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return {reduce == Reduce::sum ? sum : sum / static_cast<double>(losses.size())};
}

}  // namespace

TEST_CASE("gaussian_nll and gaussian_kl_divergence", "[gpu]") {
  for (const Reduce reduce : {Reduce::sum, Reduce::mean, Reduce::no}) {
    check_function({
        .inputs = {uniform({3, 4}), uniform({3, 4}), uniform({3, 4}, -2, 2)},
        .forward = [=](const Variables& xs) { return gaussian_nll(xs[0], xs[1], xs[2], reduce); },
        .expected = [=](const Arrays& xs) { return reduced(nll(xs), reduce); },
    });
    check_function({
        .inputs = {uniform({3, 4}), uniform({3, 4}, -2, 2)},
        .forward = [=](const Variables& xs) { return gaussian_kl_divergence(xs[0], xs[1], reduce); },
        .expected = [=](const Arrays& xs) { return reduced(divergence(xs), reduce); },
    });
  }
  const Array zero = Array::zeros({2}, Dtype::float64);
  CHECK(gaussian_nll(zero, zero, zero).item() == Approx(log_2_pi));  // sums by default
  CHECK(gaussian_kl_divergence(Array{1.0, 1.0}, zero).item() == 1);
}

TEST_CASE("gaussian_nll of extreme variances", "[gpu]") {
  on_every_device([](Device device) {
    // The variance of the first two is exp(-150), which float32 does not have; its root it has.
    Variable x(Array{0.f, 1e-30f, 1.f, 1.f, 0.f, NAN}.to(device));
    const Variable mean(Array::zeros({6}, Dtype::float32, device));
    Variable ln_var(Array{-150.f, -150.f, 200.f, -200.f, -INFINITY, 0.f}.to(device));
    Variable loss = gaussian_nll(x, mean, ln_var, Reduce::no);
    const double z = 1e-30 * std::exp(75.0), half = log_2_pi / 2;
    check_close(values(loss.data()), {half - 75, half - 75 + z * z / 2, half + 100, INFINITY, -INFINITY, NAN},
                0, 1e-5);
    loss.set_grad(Array::ones({6}, Dtype::float32, device));
    loss.backward();
    const double slope = z * std::exp(75.0);
    check_close(values(x.grad()), {0, slope, 0, INFINITY, 0, NAN}, 1e-40, 1e-4);
    check_close(values(mean.grad()), {0, -slope, 0, -INFINITY, 0, NAN}, 1e-40, 1e-4);
    check_close(values(ln_var.grad()), {0.5, (1 - z * z) / 2, 0.5, -INFINITY, 0.5, NAN}, 0, 1e-5);
  });
}

TEST_CASE("gaussian_kl_divergence keeps its digits near the standard normal distribution", "[gpu]") {
  const double inf = INFINITY;
  on_every_device([&](Device device) {
    Variable ln_var(Array{1e-3, -1e-3, 0.0, -inf}.to(device));
    const Variable mean(Array::zeros({4}, Dtype::float64, device));
    Variable loss = gaussian_kl_divergence(mean, ln_var, Reduce::no);
    check_close(values(loss.data()), {2.5008335417e-7, 2.4991668750e-7, 0, INFINITY}, 0, 1e-9);
    loss.set_grad(Array::ones({4}, Dtype::float64, device));
    loss.backward();
    check_close(values(ln_var.grad()), {std::expm1(1e-3) / 2, std::expm1(-1e-3) / 2, 0, -0.5}, 0, 1e-14);
  });
}

TEST_CASE("gaussian losses name their arguments") {
  const Array x = Array::zeros({2, 1}, Dtype::float32), y{1.f, 2.f};
  CHECK_THROWS_WITH(gaussian_nll(Array{1}, x, x), "gaussian_nll: x must be float32 or float64, got int32(1)");
  CHECK_THROWS_WITH(gaussian_nll(x, y, x),
                    "gaussian_nll: x and mean differ in shape: float32(2, 1) and float32(2)");
  CHECK_THROWS_WITH(gaussian_nll(x, x, y),
                    "gaussian_nll: x and ln_var differ in shape: float32(2, 1) and float32(2)");
  CHECK_THROWS_WITH(gaussian_kl_divergence(x, y),
                    "gaussian_kl_divergence: mean and ln_var differ in shape: float32(2, 1) and float32(2)");
}
