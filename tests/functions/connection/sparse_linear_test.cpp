#include "tenbin/functions/connection/sparse_linear.h"

#include <limits>

#include "tenbin/cuda/captured_step.h"
#include "tenbin/functions/array/get_rows.h"
#include "tenbin/functions/connection/linear.h"
#include "tenbin/links/mlp.h"
#include "tenbin/links/sequential.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/thread_count.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// About one element in `sparsity` is stored; each third row is empty.
Array sparse_values(std::size_t rows, std::size_t columns, std::size_t sparsity, Dtype dtype) {
  if (rows * columns == 0) return Array::zeros({rows, columns}, dtype);
  const auto all = values(uniform({rows, columns}));
  std::vector<double> kept(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i / columns % 3 != 1 && (i * 7919 + i / columns) % sparsity == 0) kept[i] = all[i];
  return Array(kept, {rows, columns}).astype(dtype);
}

struct Results {
  std::vector<double> y, gW, gb;
};

template <class X>
Results results(const X& x, const Array& W_array, const Array& b_array, const Array& gy) {
  Variable W(W_array), b(b_array);
  Variable y = b_array ? linear(x, W, b) : linear(x, W);
  y.set_grad(gy);
  y.backward();
  return {values(y.data()), values(W.grad()), b_array ? values(b.grad()) : std::vector<double>()};
}

}  // namespace

TEST_CASE("linear of sparse rows is linear of the same rows", "[gpu]") {
  on_every_device([](Device device) {
    struct Case {
      std::size_t rows, in, out;
    };
    for (const auto& [rows, in, out] : {Case{0, 5, 3}, Case{1, 1, 1}, Case{4, 1, 3}, Case{7, 5, 1},
                                        Case{5, 9, 4}, Case{9, 130, 7}, Case{3, 700, 2}, Case{2, 0, 3},
                                        Case{300, 40, 5}, Case{3, 5, 0}, Case{20, 37, 107}, Case{9, 24, 64}})
      for (const Dtype dtype : {Dtype::float32, Dtype::float64})
        for (const bool has_bias : {true, false}) {
          CAPTURE(rows, in, out, dtype, has_bias);
          const auto random = [&](const Shape& shape) {
            return element_count(shape) == 0 ? Array::zeros(shape, dtype, device)
                                             : uniform(shape).astype(dtype).to(device);
          };
          const Array x = sparse_values(rows, in, 3, dtype).to(device);
          const Array W = random({out, in}), gy = random({rows, out});
          const Array b = has_bias ? random({out}) : Array();
          const Results dense = results(Variable(x, false), W, b, gy);
          const Results sparse = results(CsrMatrix::from_dense(x), W, b, gy);
          const double tolerance = dtype == Dtype::float32 ? 1e-5 : 1e-14;
          check_close(sparse.y, dense.y, tolerance, tolerance);
          check_close(sparse.gW, dense.gW, tolerance, tolerance);
          CHECK(sparse.gb == dense.gb);
        }
  });
}

TEST_CASE("linear of sparse rows: gradients against differences", "[gpu]") {
  const Array dense = sparse_values(6, 11, 2, Dtype::float64);
  check_function({
      .inputs = {uniform({5, 11}), uniform({5})},
      .forward =
          [&](const Variables& xs) {
            return linear(CsrMatrix::from_dense(dense.astype(xs[0].dtype()).to(xs[0].device())), xs[0],
                          xs[1]);
          },
      .expected =
          [&](const Arrays& xs) {
            const auto x = values(dense), W = values(xs[0]), b = values(xs[1]);
            const std::size_t out = xs[0].shape()[0];  // 0 in the case of an empty batch
            std::vector<double> y;
            for (std::size_t i = 0; i < 6; ++i)
              for (std::size_t j = 0; j < out; ++j) {
                double sum = b[j];
                for (std::size_t k = 0; k < 11; ++k) sum += x[i * 11 + k] * W[j * 11 + k];
                y.push_back(sum);
              }
            return y;
          },
  });
}

TEST_CASE("linear of sparse rows: the same bits at any number of threads", "[threads]") {
  for (const std::size_t out : {1u, 3u, 21u}) {
    CAPTURE(out);
    const CsrMatrix x = CsrMatrix::from_dense(sparse_values(600, 1500, 20, Dtype::float32));
    const Array W = uniform({out, 1500}).astype(Dtype::float32), b = Array::zeros({out});
    const Array gy = uniform({600, out}).astype(Dtype::float32);
    const auto with_threads = [&](std::size_t count) {
      const ThreadCount threads(count);
      return results(x, W, b, gy);
    };
    const Results one = with_threads(1), two = with_threads(2), five = with_threads(5);
    CHECK(one.y == two.y);
    CHECK(one.gW == two.gW);
    CHECK(one.gb == two.gb);
    CHECK(one.y == five.y);
    CHECK(one.gW == five.gW);
  }
}

TEST_CASE("linear of sparse rows: a row alone has the bits that it has in a batch") {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64})
    for (const std::size_t out : {1u, 2u, 8u, 33u, 105u}) {
      CAPTURE(dtype, out);
      // The batch has more values than columns, and W is transposed; a row has fewer.
      const CsrMatrix x = CsrMatrix::from_dense(sparse_values(40, 90, 7, dtype));
      REQUIRE(x.nnz() > 90);
      const Array W = uniform({out, 90}).astype(dtype), b = uniform({out}).astype(dtype);
      const auto all = values(linear(x, W, b).data());
      for (std::size_t i = 0; i < 40; ++i) {
        const auto row = values(linear(x.slice(i, i + 1), W, b).data());
        CHECK(std::equal(row.begin(), row.end(), all.begin() + static_cast<std::ptrdiff_t>(i * out)));
      }
    }
}

TEST_CASE("linear of sparse rows does not meet what is not stored", "[gpu]") {
  on_every_device([](Device device) {
    const float inf = std::numeric_limits<float>::infinity();
    const CsrMatrix x = CsrMatrix::from_dense(Array{{1.f, 0.f}, {0.f, 0.f}}.to(device));
    const Variable W(Array{{2.f, inf}}.to(device), false);
    const Variable y = linear(x, W);
    CHECK(values(y.data()) == std::vector<double>{2, 0});
    CHECK_FALSE(y.requires_grad());
    const CsrMatrix stored(Array{0.f}.to(device), Array{1}.to(device), Array{0, 1}.to(device), {1, 2});
    CHECK(std::isnan(linear(stored, W).data().item()));
  });
}

TEST_CASE("linear of sparse rows refuses what does not fit") {
  const CsrMatrix x = CsrMatrix::from_dense(Array{{0.f, 1.f, 2.f}});
  CHECK_THROWS_WITH(linear(CsrMatrix(), Array::zeros({2, 3})), "linear: x is an empty CsrMatrix");
  CHECK_THROWS_WITH(linear(x, Array::zeros({2, 3}, Dtype::float64)),
                    "linear: x and W differ in dtype: float32(1, 3), 2 stored and float64(2, 3)");
  CHECK_THROWS_WITH(linear(x, Array::zeros({3})), "linear: W must be (out_size, in_size), got float32(3)");
  CHECK_THROWS_WITH(linear(x, Array::zeros({2, 4})),
                    "linear: x and W differ in in_size (3 and 4): float32(1, 3), 2 stored and float32(2, 4)");
  CHECK_THROWS_WITH(linear(x, Array::zeros({2, 3}), Array::zeros({3})),
                    "linear: b must be (2) for W float32(2, 3), got float32(3)");
  CHECK_THROWS_WITH(linear(x, Array::zeros({2, 3}), Array::zeros({2}, Dtype::float64)),
                    "linear: x and b differ in dtype: float32(1, 3), 2 stored and float64(2)");
}

TEST_CASE("linear of sparse rows cannot be captured", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const CsrMatrix x = CsrMatrix::from_dense(Array{{0.f, 1.f, 2.f}}.to(device));
    CapturedStep step([&](const Array& W) { return linear(x, W); }, {.warmup = 1});
    const Array W = Array::ones({2, 3}, Dtype::float32, device);
    CHECK(values(step(W)) == std::vector<double>{3, 3});
    CHECK_THROWS_WITH(step(W),
                      "CapturedStep: a product with a CsrMatrix, whose number of values changes, in forward "
                      "of linear cannot be "
                      "part of a captured step: do it before or after, or make it an input or the result");
    CHECK_FALSE(step.is_captured());
    CHECK(values(linear(x, W).data()) == std::vector<double>{3, 3});
  });
}

TEST_CASE("links of sparse rows are those of dense ones, and take their size from them", "[gpu]") {
  on_every_device([](Device device) {
    const Array dense = sparse_values(6, 8, 2, Dtype::float32).to(device);
    const CsrMatrix x = CsrMatrix::from_dense(dense);
    const auto agree = [&](auto& model) {
      model.to(device);
      const auto sparse = values(model(x).data());
      check_close(sparse, values(model(dense).data()), 1e-5, 1e-5);
    };
    Linear layer(3);
    agree(layer);
    CHECK(layer.W.shape() == Shape{3, 8});
    MLP mlp({0, 5, 2});
    agree(mlp);
    Sequential sequential(Linear(4), relu, MLP({4, 2}));
    agree(sequential);
    sequential.get<Linear>(0) = Linear(8, 4);  // the new layer is called
    agree(sequential);
    sequential.relink("0", MLP({8, 3, 4}));
    agree(sequential);
    Sequential nested(Sequential(Linear(8, 4)), relu);
    agree(nested);
  });
}

TEST_CASE("a Sequential whose first layer does not take sparse rows says so") {
  const CsrMatrix x = CsrMatrix::from_dense(Array{{0.f, 1.f, 2.f}});
  const std::string what =
      "Sequential: the first layer must take a CsrMatrix, as Linear does, for x float32(1, 3), 2 stored";
  CHECK_THROWS_WITH(Sequential(relu, Linear(2))(x), what);
  CHECK_THROWS_WITH(Sequential()(x), what);
  CHECK_THROWS_WITH(Linear(2)(CsrMatrix()), "Linear: x is an empty CsrMatrix");
  CHECK_THROWS_WITH(Linear(2)(x.astype(Dtype::float64)),
                    "Linear: x must be float32, got float64(1, 3), 2 stored");
}

TEST_CASE("get_rows of sparse rows", "[gpu]") {
  on_every_device([](Device device) {
    const Array dense = Array{{0.f, 1.f}, {2.f, 0.f}, {0.f, 0.f}}.to(device);
    const CsrMatrix x = CsrMatrix::from_dense(dense);
    const CsrMatrix picked = get_rows(x, Array{1, -1, -3, 1}.to(device));
    CHECK(picked.device() == device);
    CHECK(values(picked.to_dense()) == std::vector<double>{2, 0, 0, 0, 0, 1, 2, 0});
    CHECK_THROWS_WITH(get_rows(x, Array{0, 3}), "get_rows: index 3 at position 1 is out of range for 3 rows");
    CHECK_THROWS_WITH(get_rows(x, Array{0.f}),
                      "get_rows: the indices of sparse rows must be int32 or int64 (count), got float32(1)");
  });
}
