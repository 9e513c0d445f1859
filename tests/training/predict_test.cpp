#include "tenbin/training/predict.h"

#include <cmath>

#include "tenbin/core/config.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/links/linear.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct MLP : Chain {
  Linear l1 = link("l1", Linear(16));
  Linear l2 = link("l2", Linear(16, 3));
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

void check_close(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] - expected[i]) < 1e-6);
}

}  // namespace

TEST_CASE("predict gives the outputs of the whole batch, at any batch size", "[gpu]") {
  on_every_device([](Device device) {
    MLP model;
    model.to(device);
    const Array x = random::Generator(1).normal({53, 7}).to(device);
    const Array whole = model(Variable(x)).data();
    for (const std::size_t batch_size : std::vector<std::size_t>{1, 2, 7, 16, 52, 53, 54, 1000}) {
      CAPTURE(batch_size);
      const Array y = predict(model, x, {.batch_size = batch_size});
      CHECK(y.shape() == Shape{53, 3});
      CHECK(y.device() == device);
      check_close(values(y), values(whole));  // a matrix product of other rows rounds differently
      // A function of each row by itself has the same bits.
      const Array p =
          predict([](const Variable& rows) { return softmax(rows); }, x, {.batch_size = batch_size});
      CHECK(values(p) == values(softmax(Variable(x)).data()));
    }
  });
}

TEST_CASE("predict calls the model in TestMode and without a graph, with rows in order") {
  std::vector<std::size_t> sizes;
  const auto model = [&](const Array& x) {
    CHECK_FALSE(config().train);
    CHECK_FALSE(config().enable_backprop);
    sizes.push_back(x.shape()[0]);
    return x.reshape({x.shape()[0]}).astype(Dtype::float64);
  };
  const Array x = Array::arange(10, Dtype::int64).reshape({10, 1});
  const Array y = predict(model, x, {.batch_size = 4});
  CHECK(y.to_vector<double>() == std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
  CHECK(config().train);
  // The result is new memory also where the model returns its input.
  const Array same = predict([](const Array& rows) { return rows; }, x);
  CHECK_FALSE(same.shares_memory_with(x));
  CHECK(values(same) == values(x));
}

TEST_CASE("predict of no rows has the shape of the outputs") {
  const Linear model(4, 3);
  const Array y = predict(model, Array::zeros({0, 4}));
  CHECK(y.shape() == Shape{0, 3});
  CHECK(y.dtype() == Dtype::float32);
}

TEST_CASE("predict refuses odd arguments") {
  const Array x = Array::zeros({3, 2});
  const auto identity = [](const Array& rows) { return rows; };
  CHECK_THROWS_WITH(predict(identity, x, {.batch_size = 0}), "predict: expected a batch_size above 0, got 0");
  CHECK_THROWS_WITH(predict(identity, Array()), "predict: expected rows (N, ...), got none");
  CHECK_THROWS_WITH(predict(identity, Array::scalar(1)), "predict: expected rows (N, ...), got float32()");
  CHECK_THROWS_WITH(predict(
                        [](const Array&) {
                          return Array::zeros({2, 5});
                        },
                        x),
                    "predict: expected 3 rows from the model, got float32(2, 5)");
  CHECK_THROWS_WITH(predict([](const Array&) { return Array(); }, x),
                    "predict: expected 3 rows from the model, got none");
  int calls = 0;
  const auto changing = [&](const Array& rows) {
    return rows.astype(++calls == 1 ? Dtype::float32 : Dtype::float64);
  };
  CHECK_THROWS_WITH(
      predict(changing, x, {.batch_size = 2}),
      "predict: expected float32(1, 2) from the model, as in the first batch, got float64(1, 2)");
}
