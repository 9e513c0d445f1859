// What batch and layer normalization have in common: how exact they are.
#include "tenbin/functions/normalization/detail/standardize.h"

#include "tenbin/functions/normalization/layer_normalization.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// float32 numbers with a mean that is large beside their deviation, and what standardizing them gives.
constexpr std::size_t rows = 1000;

std::vector<float> far_from_zero() {
  std::vector<float> x;
  for (std::size_t i = 0; i < rows; ++i) x.push_back(1e5f + static_cast<float>(i % 7));
  return x;
}

std::vector<double> standardized(const std::vector<float>& x, double eps) {
  long double mean = 0, variance = 0;
  for (const float each : x) mean += each;
  mean /= static_cast<long double>(x.size());
  for (const float each : x) variance += (each - mean) * (each - mean);
  variance /= static_cast<long double>(x.size());
  std::vector<double> y;
  for (const float each : x) y.push_back(static_cast<double>((each - mean) / sqrtl(variance + eps)));
  return y;
}

}  // namespace

TEST_CASE("normalization loses no digits to a large mean", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array(far_from_zero()).to(device);
    const Array one = Array::ones({1}, Dtype::float32, device),
                zero = Array::zeros({1}, Dtype::float32, device);
    const Array ones = Array::ones({rows}, Dtype::float32, device);
    const Array zeros = Array::zeros({rows}, Dtype::float32, device);
    const auto expected = standardized(far_from_zero(), 1e-5);
    check_close(values(batch_normalization(x.reshape({rows, 1}), one, zero, 1e-5).data()), expected, 1e-6,
                1e-6);
    check_close(values(layer_normalization(x.reshape({1, rows}), ones, zeros, 1e-5).data()), expected, 1e-6,
                1e-6);
  });
}

TEST_CASE("normalization of equal elements gives beta and finite gradients", "[gpu]") {
  on_every_device([](Device device) {
    for (const std::size_t n : {1u, 3u, 64u}) {
      CAPTURE(n);
      Variable x(Array::full({n, 2}, 0.1f, Dtype::float32, device));
      Variable gamma(Array{2.f, 3.f}.to(device)), beta(Array{5.f, -7.f}.to(device));
      Variable y = batch_normalization(x, gamma, beta);
      for (std::size_t i = 0; i < n; ++i) {
        CHECK(y.data().at(i, 0) == 5);
        CHECK(y.data().at(i, 1) == -7);
      }
      y.set_grad(y.data());
      y.backward();
      for (const double g : values(x.grad())) CHECK(g == Approx(0).margin(1e-3));
      CHECK(values(gamma.grad()) == std::vector<double>{0, 0});
    }
  });
}
