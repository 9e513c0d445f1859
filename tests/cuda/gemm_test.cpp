// Matrix products of odd sizes, with all transposes and in batches.
#include "tenbin/functions/connection/linear.h"
#include "tenbin/functions/math/matmul.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Sizes {
  std::size_t m, n, k;
};
const Sizes sizes[] = {{1, 1, 1}, {1, 33, 31}, {33, 1, 31}, {65, 33, 1}, {31, 64, 100}, {65, 66, 129}};

// Small whole numbers: products and sums are exact even in float32, whatever the order.
std::vector<double> numbers(std::size_t count, std::size_t step) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<double>(i * step % 9) - 4;
  return x;
}

// A batch of matrices of which op(matrix) is (rows, columns), and element (i, j) of op(matrix).
struct Matrices {
  std::size_t rows, columns;
  bool transpose;
  std::vector<double> x;

  Matrices(std::size_t batch, std::size_t rows_, std::size_t columns_, bool transpose_, std::size_t step)
      : rows(rows_), columns(columns_), transpose(transpose_), x(numbers(batch * rows * columns, step)) {}

  double at(std::size_t index, std::size_t i, std::size_t j) const {
    return x[index * rows * columns + (transpose ? j * rows + i : i * columns + j)];
  }
  Array array(std::size_t batch, Dtype dtype, Device device) const {
    const Shape shape{batch, transpose ? columns : rows, transpose ? rows : columns};
    return Array(x, shape).astype(dtype).to(device);
  }
};

void check_product(Sizes s, std::size_t batch, bool transa, bool transb, Dtype dtype, Device device) {
  CAPTURE(s.m, s.n, s.k, batch, transa, transb, dtype);
  const Matrices a(batch, s.m, s.k, transa, 5);
  const Matrices b(batch, s.k, s.n, transb, 7);
  std::vector<double> expected;
  for (std::size_t index = 0; index < batch; ++index)
    for (std::size_t i = 0; i < s.m; ++i)
      for (std::size_t j = 0; j < s.n; ++j) {
        double dot = 0;
        for (std::size_t l = 0; l < s.k; ++l) dot += a.at(index, i, l) * b.at(index, l, j);
        expected.push_back(dot);
      }
  const Variable y = matmul(a.array(batch, dtype, device), b.array(batch, dtype, device), transa, transb);
  CHECK(values(y.data()) == expected);
}

}  // namespace

TEST_CASE("matrix products of odd sizes", "[gpu]") {
  on_every_device([](Device device) {
    for (const Sizes& s : sizes)
      for (const std::size_t batch : {1u, 3u})
        for (const bool transa : {false, true})
          for (const bool transb : {false, true})
            for (const Dtype dtype : {Dtype::float32, Dtype::float64})
              check_product(s, batch, transa, transb, dtype, device);
  });
}

TEST_CASE("linear layers of odd sizes, and the gradients of their biases", "[gpu]") {
  on_every_device([](Device device) {
    for (const Sizes& s : sizes) {
      CAPTURE(s.m, s.n, s.k);
      const auto x = numbers(s.m * s.k, 5);
      const auto W = numbers(s.n * s.k, 7);
      const auto gy = numbers(s.m * s.n, 2);
      const auto bias = numbers(s.n, 4);
      Variable b(Array(bias, {s.n}).to(device));
      Variable y = linear(Array(x, {s.m, s.k}).to(device), Array(W, {s.n, s.k}).to(device), b);
      std::vector<double> expected, gb(s.n, 0.0);
      for (std::size_t i = 0; i < s.m; ++i)
        for (std::size_t j = 0; j < s.n; ++j) {
          double dot = bias[j];
          for (std::size_t l = 0; l < s.k; ++l) dot += x[i * s.k + l] * W[j * s.k + l];
          expected.push_back(dot);
          gb[j] += gy[i * s.n + j];
        }
      CHECK(values(y.data()) == expected);
      y.set_grad(Array(gy, {s.m, s.n}).to(device));
      y.backward();
      CHECK(values(b.grad()) == gb);
      CHECK(values(b.data()) == bias);
    }
  });
}
