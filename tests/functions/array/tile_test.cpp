#include "tenbin/functions/array/tile.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("tile repeats an array along its axes", "[gpu]") {
  struct Case {
    Shape x, reps, y;
  };
  for (const auto& [x, reps, y] :
       {Case{{2, 3}, {2, 2}, {4, 6}}, Case{{2, 3}, {3}, {2, 9}}, Case{{2, 3}, {2, 1, 2}, {2, 2, 6}},
        Case{{3, 1, 2}, {1, 5, 3}, {3, 5, 6}}, Case{{2, 3}, {1, 1}, {2, 3}}, Case{{4}, {2, 2}, {2, 8}}}) {
    CAPTURE(x, reps);
    CHECK(tile(Array::zeros(x), reps).shape() == y);
    check_function({
        .inputs = {uniform(x)},
        .forward = [reps = reps](const Variables& xs) { return tile(xs[0], reps); },
        .expected =
            [y = y](const Arrays& xs) {
              const Shape& from = xs[0].shape();
              const auto elements = values(xs[0]);
              std::vector<double> all;
              for (std::size_t p = 0; p < element_count(y); ++p) {
                const Shape index = unravel_index(p, y);
                std::size_t position = 0;
                for (std::size_t i = 0; i < from.size(); ++i)
                  position = position * from[i] + index[y.size() - from.size() + i] % from[i];
                all.push_back(elements[position]);
              }
              return all;
            },
    });
  }
}

TEST_CASE("tile at the edges", "[gpu]") {
  on_every_device([](Device device) {
    const Array ints = Array({1, 2}).to(device);
    CHECK(values(tile(ints, 3).data()) == std::vector<double>{1, 2, 1, 2, 1, 2});
    CHECK(tile(ints, 1).data().shares_memory_with(ints));
    CHECK(values(tile(Array::scalar(4).to(device), {2, 1}).data()) == std::vector<double>{4, 4});
    Variable x(Array{{1.f, 2.f}}.to(device));
    Variable y = tile(x, {0, 2});
    CHECK(y.shape() == Shape{0, 4});
    y.set_grad(y.data());
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{0, 0});
  });
}

TEST_CASE("the gradient of tile is summed in float64", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{0.f}.to(device));
    Variable y = tile(x, 3);
    y.set_grad(Array{0x1p24f, 1.f, 1.f}.to(device));
    y.backward();
    CHECK(x.grad().item() == 0x1p24 + 2);
  });
}
