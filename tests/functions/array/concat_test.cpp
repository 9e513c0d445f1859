#include "tenbin/functions/array/concat.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("concat joins columns", "[gpu]") {
  check_function({
      .inputs = {uniform({2, 1}), uniform({2, 3}), uniform({2, 2})},
      .forward = [](const Variables& xs) { return concat(xs); },
      .expected =
          [](const Arrays& xs) {
            const auto a = values(xs[0]);
            const auto b = values(xs[1]);
            const auto c = values(xs[2]);
            return std::vector<double>{a[0], b[0], b[1], b[2], c[0], c[1],
                                       a[1], b[3], b[4], b[5], c[2], c[3]};
          },
  });
}

TEST_CASE("concat along the first and along an inner axis", "[gpu]") {
  check_function({
      .inputs = {uniform({2, 2, 3}), uniform({1, 2, 3})},
      .forward =
          [](const Variables& xs) {
            return concat({xs[0], xs[1]}, 0);
          },
      .expected =
          [](const Arrays& xs) {
            auto y = values(xs[0]);
            for (const double v : values(xs[1])) y.push_back(v);
            return y;
          },
  });
  on_every_device([](Device device) {
    const Array a{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
    const Array b{{{9, 10}}, {{11, 12}}};
    for (const Dtype dtype : {Dtype::int32, Dtype::int64, Dtype::uint8}) {
      const Variable y = concat({a.astype(dtype).to(device), b.astype(dtype).to(device)}, -2);
      CHECK(y.shape() == Shape{2, 3, 2});
      CHECK(values(y.data()) == std::vector<double>{1, 2, 3, 4, 9, 10, 5, 6, 7, 8, 11, 12});
    }
  });
}

TEST_CASE("concat of the same variable twice adds both gradients", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{1.f, 2.f}}.to(device));
    Variable y = concat({x, x});
    y.set_grad(Array{{1.f, 2.f, 10.f, 20.f}}.to(device));
    y.backward();
    CHECK(values(x.grad()) == std::vector<double>{11, 22});
  });
}

TEST_CASE("concat of more inputs than a machine word has bits", "[gpu]") {
  on_every_device([](Device device) {
    Variables xs;
    Array gy = Array::empty({1, 100});
    for (int i = 0; i < 100; ++i) {
      xs.push_back(Variable(Array::full({1, 1}, i, Dtype::float32, device), i % 2 == 1));
      gy.data<float>()[i] = static_cast<float>(1000 + i);
    }
    Variable y = concat(xs);
    y.set_grad(gy.to(device));
    y.backward();
    const auto joined = values(y.data());
    for (std::size_t i = 0; i < 100; ++i) {
      CAPTURE(i);
      CHECK(joined[i] == static_cast<double>(i));
      if (i % 2 == 0) {
        CHECK_FALSE(xs[i].grad());
      } else {
        CHECK(xs[i].grad().item() == 1000 + static_cast<double>(i));
      }
    }
  });
}

TEST_CASE("concat at the edges", "[gpu]") {
  on_every_device([](Device device) {
    CHECK(values(concat({Array{{1, 2}}.to(device)}).data()) == std::vector<double>{1, 2});
    const auto zeros = [=](const Shape& shape) { return Array::zeros(shape, Dtype::float32, device); };
    Variable nothing(zeros({2, 0}));
    Variable y = concat({nothing, Variable(Array{{1.f}, {2.f}}.to(device)), nothing});
    CHECK(values(y.data()) == std::vector<double>{1, 2});
    y.set_grad(Array{{1.f}, {1.f}}.to(device));
    y.backward();
    CHECK(nothing.grad().shape() == Shape{2, 0});
    CHECK(concat({zeros({0, 2}), zeros({0, 3})}).shape() == Shape{0, 5});
  });
}

TEST_CASE("concat of columns that fill several blocks of threads", "[gpu]") {
  const Array a = uniform({337, 31});
  const Array b = uniform({337, 270});
  on_every_device([&](Device device) {
    Variable xa(a.to(device));
    Variable xb(b.to(device));
    Variable y = concat({xa, xb});
    const auto joined = values(y.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < 337; ++i) {
      for (std::size_t j = 0; j < 301; ++j) {
        const double expected = j < 31 ? a.data<double>()[i * 31 + j] : b.data<double>()[i * 270 + j - 31];
        wrong += joined[i * 301 + j] != expected;
      }
    }
    CHECK(wrong == 0);
    y.set_grad(y.data());  // its parts are the inputs
    y.backward();
    CHECK(values(xa.grad()) == values(a));
    CHECK(values(xb.grad()) == values(b));
  });
}

TEST_CASE("concat names the input that does not fit") {
  const Array x = Array::zeros({2, 3});
  CHECK_THROWS_WITH(concat({}), "concat: needs at least one input");
  CHECK_THROWS_WITH(concat({Array{1.f}}), "concat: axis 1 is out of range for float32(1)");
  CHECK_THROWS_WITH(concat({x, x, Array::zeros({2, 3}, Dtype::float64)}),
                    "concat: inputs 0 and 2 differ in dtype: float32(2, 3) and float64(2, 3)");
  CHECK_THROWS_WITH(concat({x, Array::zeros({3, 3}), x}),
                    "concat: inputs 0 and 1 do not fit along axis 1: float32(2, 3) and float32(3, 3)");
  CHECK_THROWS_WITH(concat({x, Array::zeros({2})}, -2),
                    "concat: inputs 0 and 1 do not fit along axis 0: float32(2, 3) and float32(2)");
}
