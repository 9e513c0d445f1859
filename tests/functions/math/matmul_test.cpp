#include "tenbin/functions/math/matmul.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The element (row, column) of matrix `index` of a batch, or of its transpose.
double at(const Array& x, std::size_t index, std::size_t row, std::size_t column, bool transpose) {
  const Shape& shape = x.shape();
  const std::size_t rows = shape[shape.size() - 2];
  const std::size_t columns = shape.back();
  if (transpose) std::swap(row, column);
  return values(x)[(index * rows + row) * columns + column];
}

void check_product(const Shape& a, const Shape& b, bool transa, bool transb, std::size_t batch, std::size_t m,
                   std::size_t n, std::size_t k) {
  CAPTURE(a, b, transa, transb);
  check_function({
      .inputs = {uniform(a), uniform(b)},
      .forward = [=](const Variables& xs) { return matmul(xs[0], xs[1], transa, transb); },
      .expected =
          [=](const Arrays& xs) {
            std::vector<double> y;
            for (std::size_t index = 0; index < batch; ++index)
              for (std::size_t i = 0; i < m; ++i)
                for (std::size_t j = 0; j < n; ++j) {
                  double dot = 0;
                  for (std::size_t l = 0; l < k; ++l)
                    dot += at(xs[0], index, i, l, transa) * at(xs[1], index, l, j, transb);
                  y.push_back(dot);
                }
            return y;
          },
      .skip_empty_batch = true,  // an axis of length 0 is tested below
  });
}

}  // namespace

TEST_CASE("matmul of matrices", "[gpu]") {
  check_product({3, 4}, {4, 2}, false, false, 1, 3, 2, 4);
  check_product({4, 3}, {4, 2}, true, false, 1, 3, 2, 4);
  check_product({3, 4}, {2, 4}, false, true, 1, 3, 2, 4);
  check_product({4, 3}, {2, 4}, true, true, 1, 3, 2, 4);
  check_product({1, 1}, {1, 1}, false, false, 1, 1, 1, 1);
}

TEST_CASE("matmul of batches", "[gpu]") {
  check_product({2, 3, 4}, {2, 4, 5}, false, false, 2, 3, 5, 4);
  check_product({2, 4, 3}, {2, 5, 4}, true, true, 2, 3, 5, 4);
  check_product({2, 2, 3, 1}, {2, 2, 1, 3}, false, false, 4, 3, 3, 1);
  CHECK(matmul(Array::zeros({2, 2, 3, 1}), Array::zeros({2, 2, 1, 3})).shape() == Shape{2, 2, 3, 3});
}

TEST_CASE("matmul of vectors", "[gpu]") {
  const auto check = [](const Array& a, const Array& b, bool trans, const Shape& shape,
                        const std::vector<double>& expected) {
    CHECK(matmul(a, b, trans, trans).shape() == shape);
    check_function({
        .inputs = {a, b},
        .forward = [=](const Variables& xs) { return matmul(xs[0], xs[1], trans, trans); },
        .expected = [=](const Arrays&) { return expected; },
        .skip_empty_batch = true,
    });
  };
  const Array v{1.0, 2.0};
  const Array w{3.0, -1.0};
  const Array matrix{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  const Array transposed{{1.0, 4.0}, {2.0, 5.0}, {3.0, 6.0}};
  for (const bool trans : {false, true}) check(v, w, trans, {}, {1});
  check(v, matrix, false, {3}, {9, 12, 15});
  check(v, transposed, true, {3}, {9, 12, 15});
  check(transposed, v, false, {3}, {9, 12, 15});
  check(matrix, v, true, {3}, {9, 12, 15});
}

TEST_CASE("matmul broadcasts batches as NumPy does", "[gpu]") {
  struct Case {
    Shape a, b, y;
    bool transa = false, transb = false;
  };
  for (const Case& c :
       {Case{{2, 1, 3, 4}, {5, 4, 6}, {2, 5, 3, 6}}, Case{{3, 4}, {7, 4, 5}, {7, 3, 5}},
        Case{{7, 3, 4}, {4, 5}, {7, 3, 5}}, Case{{2, 3, 2, 4}, {1, 1, 4, 5}, {2, 3, 2, 5}},
        Case{{3, 2, 4}, {1, 4, 5}, {3, 2, 5}}, Case{{1, 2, 4}, {3, 4, 5}, {3, 2, 5}},
        Case{{2, 1, 4, 3}, {3, 5, 4}, {2, 3, 3, 5}, true, true},
        Case{{2, 4, 3}, {4, 5}, {2, 3, 5}, true, false}, Case{{4, 3}, {2, 5, 4}, {2, 3, 5}, true, true},
        Case{{2, 3, 4}, {5, 4}, {2, 3, 5}, false, true}, Case{{4}, {2, 4, 5}, {2, 5}},
        Case{{2, 3, 4}, {4}, {2, 3}}, Case{{4}, {2, 3, 5, 4}, {2, 3, 5}, false, true},
        Case{{2, 4, 3}, {4}, {2, 3}, true, false}}) {
    CAPTURE(c.a, c.b, c.transa, c.transb);
    CHECK(matmul(Array::zeros(c.a), Array::zeros(c.b), c.transa, c.transb).shape() == c.y);
    check_function({
        .inputs = {uniform(c.a), uniform(c.b)},
        .forward = [=](const Variables& xs) { return matmul(xs[0], xs[1], c.transa, c.transb); },
        .expected =
            [=](const Arrays& xs) {
              // Every element of y separately: its index in the batch, converted to the axes of a and of b.
              const bool row = c.a.size() == 1, column = c.b.size() == 1;
              const std::size_t batch_axes = c.y.size() - (row ? 0 : 1) - (column ? 0 : 1);
              const std::size_t m = row ? 1 : c.y[batch_axes], n = column ? 1 : c.y.back();
              const std::size_t k = row || !c.transa ? c.a.back() : c.a[c.a.size() - 2];
              const Array a = row ? xs[0].reshape({1, k}) : xs[0], b = column ? xs[1].reshape({k, 1}) : xs[1];
              const auto index_in = [&](const Array& x, std::size_t position) {
                std::size_t index = 0, stride = 1;
                const std::size_t own = x.ndim() - 2;
                for (std::size_t axis = batch_axes; axis-- > 0;) {
                  const std::size_t i = position % c.y[axis];
                  position /= c.y[axis];
                  if (axis + own < batch_axes) continue;
                  const std::size_t length = x.shape()[axis + own - batch_axes];
                  if (length > 1) index += i * stride;
                  stride *= length;
                }
                return index;
              };
              std::vector<double> y;
              for (std::size_t p = 0; p < element_count(c.y) / (m * n); ++p)
                for (std::size_t i = 0; i < m; ++i)
                  for (std::size_t j = 0; j < n; ++j) {
                    double dot = 0;
                    for (std::size_t l = 0; l < k; ++l)
                      dot += at(a, index_in(a, p), i, l, c.transa && !row) *
                             at(b, index_in(b, p), l, j, c.transb && !column);
                    y.push_back(dot);
                  }
              return y;
            },
        .skip_empty_batch = true,
    });
  }
}

TEST_CASE("matmul of an empty batch broadcasts, too", "[gpu]") {
  on_every_device([](Device device) {
    const Variable a(Array::ones({1, 3, 4}).to(device)), b(Array::ones({0, 4, 2}).to(device));
    Variable y = matmul(a, b);
    CHECK(y.shape() == Shape{0, 3, 2});
    y.set_grad(Array::ones({0, 3, 2}).to(device));
    y.backward();
    CHECK(values(a.grad()) == std::vector<double>(12, 0));
    CHECK(b.grad().shape() == Shape{0, 4, 2});
  });
}

TEST_CASE("matmul with an axis of length 0", "[gpu]") {
  on_every_device([](Device device) {
    const auto gradients = [device](const Shape& a, const Shape& b, const Shape& y) {
      const Variable x0(Array::ones(a).to(device));
      const Variable x1(Array::ones(b).to(device));
      Variable out = matmul(x0, x1);
      CHECK(out.shape() == y);
      for (const double v : values(out.data())) CHECK(v == 0);
      out.set_grad(Array::ones(y).to(device));
      out.backward();
      for (const double v : values(x0.grad())) CHECK(v == 0);
      for (const double v : values(x1.grad())) CHECK(v == 0);
    };
    gradients({0, 4}, {4, 2}, {0, 2});
    gradients({3, 4}, {4, 0}, {3, 0});
    gradients({0, 3, 4}, {0, 4, 2}, {0, 3, 2});
    const Variable y = matmul(Array::ones({3, 0}).to(device), Array::ones({0, 2}).to(device));
    CHECK(values(y.data()) == std::vector<double>(6, 0));
  });
}

TEST_CASE("matmul of constants computes only the gradient that is needed", "[gpu]") {
  on_every_device([](Device device) {
    const Variable a(Array::ones({2, 2}).to(device));
    Variable y = matmul(a, Array{{1.f, 2.f}, {3.f, 4.f}}.to(device));
    y.set_grad(Array::ones({2, 2}).to(device));
    y.backward();
    CHECK(values(a.grad()) == std::vector<double>{3, 7, 3, 7});
  });
}

TEST_CASE("matmul refuses what does not fit") {
  const Variable x(Array::zeros({3, 4}));
  CHECK_THROWS_WITH(matmul(x, x),
                    "matmul: the inner lengths 4 and 3 of a and b differ: float32(3, 4) and float32(3, 4)");
  CHECK_THROWS_WITH(matmul(x, Array::zeros({4, 2}), true),
                    "matmul: the inner lengths 3 and 4 of a and b differ: float32(3, 4) and float32(4, 2)");
  CHECK_THROWS_WITH(matmul(x, Array::zeros({4, 2}), false, true),
                    "matmul: the inner lengths 4 and 2 of a and b differ: float32(3, 4) and float32(4, 2)");
  CHECK_THROWS_WITH(matmul(x, Array::zeros({3})),
                    "matmul: the inner lengths 4 and 3 of a and b differ: float32(3, 4) and float32(3)");
  CHECK_THROWS_WITH(matmul(Array::zeros({2, 3, 4}), Array::zeros({5, 4, 2})),
                    "matmul: the batches of a and b, their axes before the last two, do not broadcast: "
                    "float32(2, 3, 4) and float32(5, 4, 2)");
  CHECK_THROWS_WITH(matmul(x, Array::scalar(1)),
                    "matmul: a and b must have at least one axis, got float32(3, 4) and float32()");
  CHECK_THROWS_WITH(matmul(x, Array::zeros({4, 2}, Dtype::float64)),
                    "matmul: a and b differ in dtype: float32(3, 4) and float64(4, 2)");
  CHECK_THROWS_WITH(matmul(x, Array::zeros({4, 2}, Dtype::int32)),
                    "matmul: b must be float32 or float64, got int32(4, 2)");
}
