#include "tenbin/links/prior_bias.h"

#include "tenbin/functions/activation/sigmoid.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("set_prior_bias makes a layer predict the class frequencies") {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
    const Linear layer(4, 3, {.initialW = Zero(), .dtype = dtype});
    set_prior_bias(layer, {60, 30, 10});
    const Array x = Array::ones({1, 4}, dtype);
    check_close(values(softmax(layer(x)).data()), {0.6, 0.3, 0.1}, dtype == Dtype::float32 ? 1e-7 : 1e-15, 0);
    // The first loss is the entropy of the frequencies.
    const double entropy = -(0.6 * std::log(0.6) + 0.3 * std::log(0.3) + 0.1 * std::log(0.1));
    const Variable loss =
        softmax_cross_entropy(layer(Array::ones({10, 4}, dtype)), Array{0, 0, 0, 0, 0, 0, 1, 1, 1, 2});
    CHECK(loss.item() == Approx(entropy).epsilon(1e-6));
  }
}

TEST_CASE("set_prior_bias of one output is the log odds") {
  const Linear layer(1, {.initialW = Zero()});
  set_prior_bias(layer, {99, 1});
  check_close(values(sigmoid(layer(Array::ones({1, 2}))).data()), {0.01}, 1e-7, 0);
}

TEST_CASE("set_prior_bias writes in place", "[gpu]") {
  on_every_device([](Device device) {
    Linear layer(2, 2);
    layer.to(device);
    const Array b = layer.b.data();
    set_prior_bias(layer, {1, 3});
    check_close(values(b), {std::log(0.25), std::log(0.75)}, 1e-7, 0);
    CHECK(b.shares_memory_with(layer.b.data()));
  });
}

TEST_CASE("set_prior_bias: errors, which leave the bias as it was") {
  const Linear layer(2, 3);
  CHECK_THROWS_WITH(set_prior_bias(Linear(2, 3, {.nobias = true}), {1, 1, 1}),
                    "set_prior_bias: expected a Linear with a bias, got one with nobias");
  CHECK_THROWS_WITH(set_prior_bias(layer, {1, 1}),
                    "set_prior_bias: expected one output per class, or one for two classes, got b float32(3) "
                    "for 2 classes");
  CHECK_THROWS_WITH(set_prior_bias(Linear(2, 1), {1, 1, 1}),
                    "set_prior_bias: expected one output per class, or one for two classes, got b float32(1) "
                    "for 3 classes");
  CHECK_THROWS_WITH(set_prior_bias(layer, {1, 0, 1}), "set_prior_bias: class 1 has no samples");
  CHECK(values(layer.b.data()) == std::vector<double>{0, 0, 0});
}
