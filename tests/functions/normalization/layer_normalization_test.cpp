#include "tenbin/functions/normalization/layer_normalization.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// For rows of `length` elements.
std::vector<double> normalized(const Arrays& xs, std::size_t length, double eps) {
  auto y = values(xs[0]);
  const auto gamma = values(xs[1]), beta = values(xs[2]);
  const auto n = static_cast<double>(length);
  for (std::size_t first = 0; first < y.size(); first += length) {
    double mean = 0, var = 0;
    for (std::size_t k = 0; k < length; ++k) mean += y[first + k] / n;
    for (std::size_t k = 0; k < length; ++k) var += (y[first + k] - mean) * (y[first + k] - mean) / n;
    for (std::size_t k = 0; k < length; ++k)
      y[first + k] = gamma[k] * (y[first + k] - mean) / std::sqrt(var + eps) + beta[k];
  }
  return y;
}

}  // namespace

TEST_CASE("layer_normalization", "[gpu]") {
  for (const Shape& shape : {Shape{5, 7}, Shape{1, 3}, Shape{3, 1}, Shape{2, 3, 4}}) {
    CAPTURE(shape);
    const std::size_t length = shape.back();
    check_function({
        .inputs = {uniform(shape), uniform({length}), uniform({length})},
        .forward = [](const Variables& xs) { return layer_normalization(xs[0], xs[1], xs[2], 1e-3); },
        .expected = [=](const Arrays& xs) { return normalized(xs, length, 1e-3); },
    });
  }
  check_function({
      .inputs = {uniform({3, 2, 4}), uniform({2, 4}), uniform({2, 4})},
      .forward = [](const Variables& xs) { return layer_normalization(xs[0], xs[1], xs[2], 1e-3); },
      .expected = [](const Arrays& xs) { return normalized(xs, 8, 1e-3); },
  });
}

TEST_CASE("layer_normalization at the edges, and its errors") {
  const Array x = Array::zeros({4, 3}), g = Array::ones({3}), two = Array::ones({2});
  const Array none = Array::empty({0});
  CHECK(layer_normalization(Array::empty({2, 0}), none, none).shape() == Shape{2, 0});
  CHECK_THROWS_WITH(
      layer_normalization(x, two, two),
      "layer_normalization: gamma must have the dtype of x and its last lengths, but fewer axes, "
      "got float32(2) for float32(4, 3)");
  CHECK_THROWS_WITH(
      layer_normalization(g, g, g),
      "layer_normalization: gamma must have the dtype of x and its last lengths, but fewer axes, "
      "got float32(3) for float32(3)");
  CHECK_THROWS_WITH(layer_normalization(x, g, two),
                    "layer_normalization: beta must be float32(3) like gamma, got float32(2)");
  CHECK_THROWS_WITH(layer_normalization(x, g, g, -1),
                    "layer_normalization: eps must be positive and finite, got -1");
  CHECK_THROWS_WITH(layer_normalization(Array({{1}}), g, g),
                    "layer_normalization: x must be float32 or float64, got int32(1, 1)");
}
