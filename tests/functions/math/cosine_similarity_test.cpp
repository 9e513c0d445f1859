#include "tenbin/functions/math/cosine_similarity.h"

#include <algorithm>

#include "tenbin/core/lines.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> expected(const Arrays& xs, std::size_t axis, double eps) {
  const auto a = values(xs[0]), b = values(xs[1]);
  const Lines lines = lines_along(xs[0].shape(), axis);
  std::vector<double> y;
  for (std::size_t line = 0; line < lines.count(); ++line) {
    double product = 0, square_a = 0, square_b = 0;
    for (std::size_t j = 0; j < lines.length; ++j) {
      const std::size_t i = lines.start(line) + j * lines.inner;
      product += a[i] * b[i];
      square_a += a[i] * a[i];
      square_b += b[i] * b[i];
    }
    y.push_back(product / std::max(std::sqrt(square_a), eps) / std::max(std::sqrt(square_b), eps));
  }
  return y;
}

}  // namespace

TEST_CASE("cosine_similarity", "[gpu]") {
  struct Row {
    Shape shape;
    int axis;
    double eps;
  };
  // The vectors of the last row are shorter than eps.
  const Row rows[] = {
      {{3, 5}, 1, 1e-8}, {{2, 3, 4}, 1, 1e-8}, {{4, 3}, -2, 1e-8}, {{6}, 0, 1e-8}, {{3, 5}, 1, 10}};
  for (const Row& row : rows) {
    CAPTURE(row.shape, row.axis, row.eps);
    const std::size_t axis =
        row.axis < 0 ? static_cast<std::size_t>(row.axis + 2) : static_cast<std::size_t>(row.axis);
    check_function({
        .inputs = {uniform(row.shape), uniform(row.shape)},
        .forward = [&](const Variables& xs) { return cosine_similarity(xs[0], xs[1], row.axis, row.eps); },
        .expected = [&](const Arrays& xs) { return expected(xs, axis, row.eps); },
        .skip_empty_batch = axis == 0,
    });
  }
}

TEST_CASE("cosine_similarity of vectors of any length", "[gpu]") {
  on_every_device([](Device device) {
    Variable x0(Array{{3e38f, 3e38f}, {3e-30f, 4e-30f}, {0.f, 0.f}, {0.f, 0.f}, {1.f, 0.f}}.to(device));
    Variable x1(Array{{1e30f, 0.f}, {1e30f, 0.f}, {1.f, 2.f}, {0.f, 0.f}, {INFINITY, 1.f}}.to(device));
    Variable y = cosine_similarity(x0, x1, 1, 1e-35);
    check_close(values(y.data()), {std::sqrt(0.5), 0.6, 0, 0, NAN}, 0, 1e-6);
    y.set_grad(Array{1.f, 1.f, 1.f, 1.f, 0.f}.to(device));
    y.backward();
    const auto gx0 = values(x0.grad()), gx1 = values(x1.grad());
    // (u1 - y u0) / |x0| and (u0 - y u1) / |x1| with u = x / |x|
    const double norm = 3e38f * std::sqrt(2.0);
    check_close({gx0.begin(), gx0.begin() + 8},
                {0.5 / norm, -0.5 / norm, 0.64 / 5e-30, -0.48 / 5e-30, 0, 0, 0, 0}, 1e-45, 1e-5);
    check_close({gx1.begin(), gx1.begin() + 8}, {0, std::sqrt(0.5) / 1e30, 0, 0.8 / 1e30, 0, 0, 0, 0}, 1e-37,
                1e-5);
  });
}

TEST_CASE("cosine_similarity refuses what does not fit") {
  const Array x = Array::zeros({2, 3}, Dtype::float32);
  CHECK_THROWS_WITH(cosine_similarity(Array{1}, x),
                    "cosine_similarity: x0 must be float32 or float64, got int32(1)");
  CHECK_THROWS_WITH(cosine_similarity(x, x.astype(Dtype::float64)),
                    "cosine_similarity: x0 and x1 differ in dtype: float32(2, 3) and float64(2, 3)");
  CHECK_THROWS_WITH(cosine_similarity(x, Array{1.f}),
                    "cosine_similarity: x0 and x1 differ in shape: float32(2, 3) and float32(1)");
  CHECK_THROWS_WITH(cosine_similarity(x, x, 2),
                    "cosine_similarity: axis 2 is out of range for float32(2, 3)");
  CHECK_THROWS_WITH(cosine_similarity(x, x, 1, 0),
                    "cosine_similarity: eps must be positive and finite in float32, got 0");
  CHECK_THROWS_WITH(cosine_similarity(x, x, 1, 1e-50),
                    "cosine_similarity: eps must be positive and finite in float32, got 1e-50");
}
