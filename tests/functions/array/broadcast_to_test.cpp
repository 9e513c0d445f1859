#include "tenbin/functions/array/broadcast_to.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("broadcast_to", "[gpu]") {
  const auto check = [](const Shape& from, const Shape& to, const std::vector<std::size_t>& source) {
    CAPTURE(from, to);
    check_function({
        .inputs = {uniform(from)},
        .forward = [to](const Variables& xs) { return broadcast_to(xs[0], to); },
        .expected =
            [&](const Arrays& xs) {
              std::vector<double> y;
              for (const std::size_t i : source) y.push_back(values(xs[0])[i]);
              return y;
            },
        .skip_empty_batch = true,  // `to` names the batch's length
    });
  };
  check({3}, {2, 3}, {0, 1, 2, 0, 1, 2});
  check({2, 1}, {2, 3}, {0, 0, 0, 1, 1, 1});
  check({}, {2, 2}, {0, 0, 0, 0});
  check({1, 2, 1}, {2, 2, 2}, {0, 0, 1, 1, 0, 0, 1, 1});
  check({2, 1, 1, 2}, {2, 1, 2, 2}, {0, 1, 0, 1, 2, 3, 2, 3});
  check({2, 1}, {1, 2, 1}, {0, 1});
  check({2}, {2}, {0, 1});
}

TEST_CASE("broadcast_to an empty shape has gradient 0", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 2.f}}.to(device));
    Variable y = broadcast_to(x, {0, 2});
    CHECK(y.shape() == Shape{0, 2});
    y.set_grad(Array::zeros({0, 2}, Dtype::float32, device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{0, 0});
  });
}

TEST_CASE("broadcast_to refuses shapes that do not fit") {
  const Variable x(Array::zeros({2, 3}));
  CHECK_THROWS_WITH(broadcast_to(x, {3, 3}), "broadcast_to: float32(2, 3) does not broadcast to (3, 3)");
  CHECK_THROWS_WITH(broadcast_to(x, {3}), "broadcast_to: float32(2, 3) does not broadcast to (3)");
  CHECK_THROWS_WITH(broadcast_to(Array::zeros({1, 3}), {3}),
                    "broadcast_to: float32(1, 3) does not broadcast to (3)");
  CHECK_THROWS_WITH(broadcast_to(x, {2, 3, 1}),
                    "broadcast_to: float32(2, 3) does not broadcast to (2, 3, 1)");
  CHECK_THROWS_WITH(broadcast_to(Array{1, 2}, {2}),
                    "broadcast_to: x must be float32 or float64, got int32(2)");
}
