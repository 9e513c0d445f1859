#include "tenbin/functions/array/where.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("where selects from two arrays", "[gpu]") {
  for (const Dtype dtype : {Dtype::uint8, Dtype::int32, Dtype::int64}) {
    check_function({
        .inputs = {Array({{0, 1, 2}, {7, 0, 0}}, dtype), uniform({2, 3}), uniform({2, 3})},
        .forward = [](const Variables& xs) { return where(xs[0], xs[1], xs[2]); },
        .expected =
            [](const Arrays& xs) {
              auto y = values(xs[2]);
              for (std::size_t i = 0; i < y.size(); ++i)
                if (values(xs[0])[i] != 0) y[i] = values(xs[1])[i];
              return y;
            },
    });
  }
}

TEST_CASE("where broadcasts the condition and the values", "[gpu]") {
  check_function({
      .inputs = {Array({{1}, {0}, {1}}), uniform({4}), uniform({3, 1})},
      .forward = [](const Variables& xs) { return where(xs[0], xs[1], xs[2]); },
      .expected =
          [](const Arrays& xs) {
            std::vector<double> y;
            for (std::size_t i = 0; i < 3; ++i)
              for (std::size_t j = 0; j < 4; ++j) y.push_back(i == 1 ? xs[2].at(i, 0) : xs[1].at(j));
            return y;
          },
      .skip_empty_batch = true,
  });
  CHECK(where(Array({{1, 0}, {0, 1}}), Array{1.f}, Array{2.f}).shape() == Shape{2, 2});
  CHECK(where(Array::empty({0, 2}, Dtype::int32), Array{1.f}, Array{2.f}).shape() == Shape{0, 2});
}

TEST_CASE("where: what is not selected has no effect, also NaN", "[gpu]") {
  on_every_device([](Device device) {
    const float nan = std::nanf("");
    Variable a(Array{1.f, nan}.to(device));
    Variable b(Array{nan, 2.f}.to(device));
    // Large numbers and negative ones are true in every dtype.
    Variable y = where(Array({-9007199254740993ll, 0ll}).to(device), a, b);
    CHECK(values(y.data()) == std::vector<double>{1, 2});
    y.set_grad(Array{nan, 3.f}.to(device));
    y.backward();
    CHECK(std::isnan(values(a.grad())[0]));
    CHECK(values(a.grad())[1] == 0);
    CHECK(values(b.grad()) == std::vector<double>{0, 3});
  });
}

TEST_CASE("where refuses floating conditions and what does not broadcast") {
  const Array c({1, 0}), x = Array::zeros({2});
  CHECK_THROWS_WITH(where(x, x, x), "where: condition must be uint8, int32 or int64, got float32(2)");
  CHECK_THROWS_WITH(where(c, c, x), "where: a must be float32 or float64, got int32(2)");
  CHECK_THROWS_WITH(where(c, x, x.astype(Dtype::float64)),
                    "where: a and b differ in dtype: float32(2) and float64(2)");
  CHECK_THROWS_WITH(where(c, x, Array::zeros({3})),
                    "where: a and b do not broadcast: float32(2) and float32(3)");
  CHECK_THROWS_WITH(where(Array({1, 0, 1}), x, x),
                    "where: condition and a, b do not broadcast: int32(3) and float32(2), float32(2)");
}
