#include "tenbin/functions/normalization/batch_normalization.h"

#include "tenbin/functions/math/sum.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Statistics {
  std::vector<double> mean, var;  // of each channel
  double count = 0;
};

// Of an array (N, C, inner).
Statistics statistics(const Array& x, std::size_t channels, std::size_t inner) {
  const auto elements = values(x);
  const std::size_t rows = elements.size() / (channels * inner);
  Statistics found{std::vector<double>(channels), std::vector<double>(channels),
                   static_cast<double>(rows * inner)};
  const auto each = [&](auto f) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t k = 0; k < inner; ++k) f(c, elements[(i * channels + c) * inner + k]);
  };
  each([&](std::size_t c, double value) { found.mean[c] += value / found.count; });
  each([&](std::size_t c, double value) {
    found.var[c] += (value - found.mean[c]) * (value - found.mean[c]) / found.count;
  });
  return found;
}

std::vector<double> normalized(const Arrays& xs, const Statistics& by, std::size_t inner, double eps) {
  auto y = values(xs[0]);
  const auto gamma = values(xs[1]), beta = values(xs[2]);
  for (std::size_t p = 0; p < y.size(); ++p) {
    const std::size_t c = p / inner % gamma.size();
    y[p] = gamma[c] * (y[p] - by.mean[c]) / std::sqrt(by.var[c] + eps) + beta[c];
  }
  return y;
}

}  // namespace

TEST_CASE("batch_normalization", "[gpu]") {
  for (const Shape& shape : {Shape{7, 3}, Shape{2, 3}, Shape{5, 3, 2, 2}, Shape{1, 3, 4}}) {
    CAPTURE(shape);
    const std::size_t inner = element_count(Shape(shape.begin() + 2, shape.end()));
    check_function({
        .inputs = {uniform(shape), uniform({3}), uniform({3})},
        .forward = [](const Variables& xs) { return batch_normalization(xs[0], xs[1], xs[2], 1e-3); },
        .expected =
            [=](const Arrays& xs) { return normalized(xs, statistics(xs[0], 3, inner), inner, 1e-3); },
    });
  }
}

TEST_CASE("batch_normalization with a gamma of two axes", "[gpu]") {
  check_function({
      .inputs = {uniform({6, 2, 3}), uniform({2, 3}), uniform({2, 3})},
      .forward = [](const Variables& xs) { return batch_normalization(xs[0], xs[1], xs[2], 1e-3); },
      .expected = [](const Arrays& xs) { return normalized(xs, statistics(xs[0], 6, 1), 1, 1e-3); },
  });
}

TEST_CASE("fixed_batch_normalization", "[gpu]") {
  for (const Shape& shape : {Shape{4, 3}, Shape{2, 3, 2}}) {
    const std::size_t inner = element_count(Shape(shape.begin() + 2, shape.end()));
    check_function({
        .inputs = {uniform(shape), uniform({3}), uniform({3}), uniform({3}), uniform({3}, 0.5, 2)},
        .forward =
            [](const Variables& xs) { return fixed_batch_normalization(xs[0], xs[1], xs[2], xs[3], xs[4]); },
        .expected =
            [=](const Arrays& xs) {
              return normalized(xs, {values(xs[3]), values(xs[4]), 0}, inner, 2e-5);
            },
    });
  }
}

TEST_CASE("batch_normalization updates running statistics, with the unbiased variance", "[gpu]") {
  on_every_device([](Device device) {
    for (const Shape& shape : {Shape{5, 2}, Shape{3, 2, 2}, Shape{1, 2}}) {
      CAPTURE(shape);
      const Array x = uniform(shape);
      const Array gamma = Array::ones({2}, Dtype::float64, device);
      const Array beta = Array::zeros({2}, Dtype::float64, device);
      Array mean = Array{1.0, 2.0}.to(device).copy(), var = Array{3.0, 4.0}.to(device).copy();
      const Variable y = batch_normalization(x.to(device), gamma, beta, 2e-5, {mean, var, 0.75});
      const Statistics batch = statistics(x, 2, element_count(Shape(shape.begin() + 2, shape.end())));
      const double factor = batch.count / std::max(batch.count - 1, 1.0);
      check_close(values(mean), {0.75 + 0.25 * batch.mean[0], 1.5 + 0.25 * batch.mean[1]}, 1e-15, 1e-14);
      check_close(values(var), {2.25 + 0.25 * factor * batch.var[0], 3 + 0.25 * factor * batch.var[1]}, 1e-15,
                  1e-14);
    }
  });
}

TEST_CASE("batch_normalization of an empty batch leaves the running statistics", "[gpu]") {
  on_every_device([](Device device) {
    Variable gamma(Array{1.f, 1.f}.to(device)), beta(Array{0.f, 0.f}.to(device));
    Variable x(Array::empty({0, 2}, Dtype::float32, device));
    Array mean = Array{1.f, 2.f}.to(device).copy(), var = Array{3.f, 4.f}.to(device).copy();
    Variable y = batch_normalization(x, gamma, beta, 2e-5, {mean, var});
    CHECK(y.shape() == Shape{0, 2});
    CHECK(values(mean) == std::vector<double>{1, 2});
    CHECK(values(var) == std::vector<double>{3, 4});
    y.set_grad(y.data());
    y.backward();
    CHECK(values(gamma.grad()) == std::vector<double>{0, 0});
    CHECK(values(beta.grad()) == std::vector<double>{0, 0});
    CHECK(batch_normalization(Array::empty({3, 0}, Dtype::float32, device),
                              Array::empty({0}, Dtype::float32, device),
                              Array::empty({0}, Dtype::float32, device))
              .shape() == Shape{3, 0});
  });
}

TEST_CASE("batch_normalization refuses what does not fit, and then updates nothing") {
  const Array x = Array::zeros({4, 3}), g = Array::ones({3}), two = Array::ones({2});
  CHECK_THROWS_WITH(batch_normalization(x, two, g),
                    "batch_normalization: gamma must have the dtype of x and its lengths from axis 1 on, got "
                    "float32(2) for float32(4, 3)");
  CHECK_THROWS_WITH(batch_normalization(g, g, g),
                    "batch_normalization: gamma must have the dtype of x and its lengths from axis 1 on, got "
                    "float32(3) for float32(3)");
  CHECK_THROWS_WITH(batch_normalization(x, g, two),
                    "batch_normalization: beta must be float32(3) like gamma, got float32(2)");
  CHECK_THROWS_WITH(batch_normalization(x, g, g, 0),
                    "batch_normalization: eps must be positive and finite, got 0");
  CHECK_THROWS_WITH(batch_normalization(Array({{1, 2}}), g, g),
                    "batch_normalization: x must be float32 or float64, got int32(1, 2)");
  Array mean = Array::zeros({3});
  CHECK_THROWS_WITH(batch_normalization(x, g, g, 2e-5, {mean, two}),
                    "batch_normalization: the running variance must have the shape and the device of gamma, "
                    "float32(3) on cpu, got float32(2) on cpu");
  CHECK_THROWS_WITH(batch_normalization(x, g, g, 2e-5, {mean, {}}),
                    "batch_normalization: the running variance must have the shape and the device of gamma, "
                    "float32(3) on cpu, got none on cpu");
  CHECK_THROWS_WITH(batch_normalization(x, g, g, 2e-5, {mean, g, 1.5}),
                    "batch_normalization: decay must be in [0, 1], got 1.5");
  CHECK(values(mean) == std::vector<double>{0, 0, 0});
  CHECK_THROWS_WITH(fixed_batch_normalization(x, g, g, two, g),
                    "fixed_batch_normalization: mean must be float32(3) like gamma, got float32(2)");
}
