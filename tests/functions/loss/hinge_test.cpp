#include "tenbin/functions/loss/hinge.h"

#include <algorithm>

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<double> losses(const Arrays& xs, HingeNorm norm) {
  auto loss = values(xs[0]);
  const auto t = values(xs[1]);
  const std::size_t n_class = xs[0].shape()[1];
  for (std::size_t i = 0; i < loss.size(); ++i) {
    const bool is_label = static_cast<std::size_t>(t[i / n_class]) == i % n_class;
    const double hinge = std::max(0.0, 1 + (is_label ? -loss[i] : loss[i]));
    loss[i] = norm == HingeNorm::L1 ? hinge : hinge * hinge;
  }
  return loss;
}

double total(const Arrays& xs, HingeNorm norm) {
  double sum = 0;
  for (const double loss : losses(xs, norm)) sum += loss;
  return sum;
}

}  // namespace

TEST_CASE("hinge", "[gpu]") {
  const Array x = uniform({4, 3}, -3, 3), t{0, 2, 1, 2};
  for (const HingeNorm norm : {HingeNorm::L1, HingeNorm::L2}) {
    for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
      CAPTURE(dtype);
      check_function({
          .inputs = {x, t.astype(dtype)},
          .forward = [=](const Variables& xs) { return hinge(xs[0], xs[1], norm, Reduce::no); },
          .expected = [=](const Arrays& xs) { return losses(xs, norm); },
      });
    }
    check_function({
        .inputs = {x, t},
        .forward = [=](const Variables& xs) { return hinge(xs[0], xs[1], norm, Reduce::sum); },
        .expected = [=](const Arrays& xs) { return std::vector<double>{total(xs, norm)}; },
    });
    check_function({
        .inputs = {x, t},
        .forward = [=](const Variables& xs) { return hinge(xs[0], xs[1], norm); },
        .expected = [=](const Arrays& xs) { return std::vector<double>{total(xs, norm) / 4}; },
    });
  }
}

TEST_CASE("hinge leaves the gradient of its output alone and can go backward twice", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{0.5f, 0.5f}, {0.f, 0.f}}.to(device));
    const Array gy = Array{{1.f, 2.f}, {3.f, 4.f}}.to(device);
    Variable loss = hinge(x, Array{0, 1}.to(device), HingeNorm::L1, Reduce::no);
    for (int i = 0; i < 2; ++i) {
      x.cleargrad();
      loss.set_grad(gy);
      loss.backward();
      check_close(values(x.grad()), {-1, 2, 3, -4}, 0, 0);
      check_close(values(gy), {1, 2, 3, 4}, 0, 0);
    }
  });
}

TEST_CASE("hinge at the kink and beyond", "[gpu]") {
  on_every_device([](Device device) {
    for (const HingeNorm norm : {HingeNorm::L1, HingeNorm::L2}) {
      Variable x(Array{{1.f, -1.f, INFINITY, -INFINITY, NAN}}.to(device));
      Variable loss = hinge(x, Array{0}.to(device), norm, Reduce::no);
      check_close(values(loss.data()), {0, 0, INFINITY, 0, NAN}, 0, 0);
      loss.set_grad(Array::ones(loss.shape(), Dtype::float32, device));
      loss.backward();
      const auto gx = values(x.grad());
      check_close({gx.begin(), gx.begin() + 4}, {0, 0, norm == HingeNorm::L1 ? 1 : INFINITY, 0}, 0, 0);
    }
    CHECK(
        hinge(Array::empty({0, 3}, Dtype::float32, device), Array::empty({0}, Dtype::int32, device)).item() ==
        0);
  });
}

TEST_CASE("hinge reports an invalid label at the next read, or before", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array::zeros({3, 2}, Dtype::float32, device);
    CHECK_THROWS_WITH(hinge(x, Array{0, 2, -1}.to(device)).item(),
                      "hinge: t[1] = 2 is not a class in [0, 2)");
    CHECK_THROWS_WITH(hinge(x, Array{0, 1, -1}.to(device)).item(),
                      "hinge: t[2] = -1 is not a class in [0, 2)");
  });
}

TEST_CASE("hinge refuses what does not fit") {
  const Array x = Array::zeros({2, 3}, Dtype::float32);
  CHECK_THROWS_WITH(hinge(Array{1}, Array{0}), "hinge: x must be float32 or float64, got int32(1)");
  CHECK_THROWS_WITH(hinge(Array{1.f}, Array{0}), "hinge: x must be (N, C), got float32(1)");
  CHECK_THROWS_WITH(hinge(x, Array{0, 1, 1}), "hinge: t must be (2) for x float32(2, 3), got int32(3)");
  CHECK_THROWS_WITH(hinge(x, Array{0.f, 1.f}),
                    "hinge: t must be int32, int64 or uint8, got float32(2); did you mean "
                    "t.astype(Dtype::int32)?");
}
