#include "tenbin/functions/array/stack.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("stack puts arrays along a new axis", "[gpu]") {
  for (const int axis : {0, 1, 2, -1, -2, -3}) {
    CAPTURE(axis);
    const std::size_t at = static_cast<std::size_t>(axis < 0 ? axis + 3 : axis);
    check_function({
        .inputs = {uniform({2, 3}), uniform({2, 3})},
        .forward = [=](const Variables& xs) { return stack(xs, axis); },
        .expected =
            [=](const Arrays& xs) {
              std::vector<double> y;
              Shape shape{2, 3};
              Shape stacked;
              for (std::size_t i = 0; i < 3; ++i) stacked.push_back(i == at ? 2 : shape[i < at ? i : i - 1]);
              for (std::size_t p = 0; p < 12; ++p) {
                const Shape index = unravel_index(p, stacked);
                const std::size_t row = index[at == 0 ? 1 : 0], column = index[at == 2 ? 1 : 2];
                y.push_back(xs[index[at]].at(row, column));
              }
              return y;
            },
    });
  }
}

TEST_CASE("stack at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const Variable y = stack({Array::scalar(1).to(device), Array::scalar(2).to(device)});
    CHECK(y.shape() == Shape{2});
    CHECK(values(y.data()) == std::vector<double>{1, 2});
    CHECK(stack({Array{{1, 2}}.to(device)}, 1).shape() == Shape{1, 1, 2});
    CHECK(stack({Array::empty({0, 2}, Dtype::int32, device), Array::empty({0, 2}, Dtype::int32, device)}, 1)
              .shape() == Shape{0, 2, 2});

    Variable x(Array{1.f, 2.f}.to(device));  // twice, beside a constant
    Variable z = stack({x, Array{0.f, 0.f}.to(device), x}, 1);
    z.set_grad(Array{{1.f, 2.f, 10.f}, {3.f, 4.f, 20.f}}.to(device));
    z.backward();
    CHECK(values(x.grad()) == std::vector<double>{11, 23});
  });
}

TEST_CASE("stack names the input that differs") {
  const Array x = Array::zeros({2, 3});
  CHECK_THROWS_WITH(stack({}), "stack: needs at least one input");
  CHECK_THROWS_WITH(stack({x}, 3), "stack: axis 3 is out of range for a new axis of float32(2, 3)");
  CHECK_THROWS_WITH(stack({x, x, Array::zeros({3, 2})}),
                    "stack: inputs 0 and 2 differ in shape or dtype: float32(2, 3) and float32(3, 2)");
  CHECK_THROWS_WITH(stack({x, Array::zeros({2, 3}, Dtype::float64)}),
                    "stack: inputs 0 and 1 differ in shape or dtype: float32(2, 3) and float64(2, 3)");
}
