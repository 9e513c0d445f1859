// Links that contain others: Sequential, ChainList, MLP.
#include <sstream>

#include "tenbin/core/config.h"
#include "tenbin/functions/activation/leaky_relu.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/functions/activation/tanh.h"
#include "tenbin/functions/gradient_check.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/links/batch_normalization.h"
#include "tenbin/links/chain_list.h"
#include "tenbin/links/dropout.h"
#include "tenbin/links/layer_normalization.h"
#include "tenbin/links/mlp.h"
#include "tenbin/links/prior_bias.h"
#include "tenbin/links/sequential.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/memory_use.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<std::string> paths(const Link& link) {
  std::vector<std::string> all;
  for (const auto& [path, parameter] : link.namedparams()) all.push_back(path);
  return all;
}

std::string printed(const Link& link) {
  std::ostringstream out;
  out << link;
  return out.str();
}

// A step of SGD; returns the parameters after it.
template <class Model>
std::vector<double> train_step(Model& model, const Array& x) {
  SGD optimizer({.lr = 0.5});
  optimizer.setup(model);
  model.cleargrads();
  sum(model(x)).backward();
  optimizer.update();
  std::vector<double> all;
  for (const Parameter& parameter : model.params())
    for (const double value : values(parameter.data())) all.push_back(value);
  return all;
}

}  // namespace

TEST_CASE("Sequential calls links and functions in order", "[gpu]") {
  on_every_device([](Device device) {
    random::seed(1);
    Sequential model(Linear(3, 4), relu, Linear(4, 2), tenbin::tanh, with_arguments(softmax, 1),
                     [](const Variable& x) { return x * 2; });
    CHECK(model.size() == 6);
    CHECK(paths(model) == std::vector<std::string>{"0/W", "0/b", "1/W", "1/b"});
    model.to(device);
    const Array x = uniform({5, 3}).astype(Dtype::float32).to(device);
    const Variable expected =
        softmax(tenbin::tanh(model.get<Linear>(2)(relu(model.get<Linear>(0)(x)))), 1) * 2;
    CHECK(values(model(x).data()) == values(expected.data()));
  });
  CHECK(values(Sequential()(Array{1.f, 2.f}).data()) == std::vector<double>{1, 2});
}

TEST_CASE("Sequential has gradients, a printout and paths in its errors") {
  Sequential model(Linear(3, 2), BatchNormalization(2), with_arguments(leaky_relu, 0.1));
  check_gradients([&](const Variables& xs) { return model(xs[0]); }, {uniform({6, 3})}, model.namedparams(),
                  {.atol = 1e-5});
  CHECK(printed(Sequential(Linear(3, 2), relu, Dropout(0.5))) ==
        "Sequential\n0: Linear  W float32(2, 3), b float32(2)  8\n1: Dropout\ntotal 8");
  Chain outer;
  const Sequential body = outer.link("body", Sequential(relu, Linear(3, 2)));
  CHECK_THROWS_WITH(body(Array::zeros({1, 4})),
                    Catch::StartsWith("body/0: linear: ") && Catch::Contains("float32(1, 4)"));
}

TEST_CASE("a copy of a Sequential is independent, a handle is not") {
  random::seed(1);
  const Array x = uniform({4, 3}).astype(Dtype::float32);
  Sequential model(Linear(3, 4), relu, Sequential(Linear(4, 4), relu), Linear(4, 2));
  CHECK(paths(model) == std::vector<std::string>{"0/W", "0/b", "1/0/W", "1/0/b", "2/W", "2/b"});
  const Sequential handle = model;
  Sequential best = copy(model);
  const auto before = values(model(x).data());
  train_step(model, x);
  CHECK(values(model(x).data()) != before);
  CHECK(values(handle(x).data()) == values(model(x).data()));
  CHECK(values(best(x).data()) == before);
  const auto trained = train_step(best, x);  // the copy calls the parameters that it trains
  CHECK(values(best(x).data()) == values(model(x).data()));
}

TEST_CASE("layers of a Sequential can be replaced") {
  random::seed(1);
  const Array x = uniform({4, 3}).astype(Dtype::float32);
  Sequential model(Linear(3, 4), relu, Linear(4, 2));
  model.get<Linear>(2) = Linear(4, 5);
  CHECK(model(x).shape() == Shape{4, 5});
  CHECK(model.namedparams()[2].second.shape() == Shape{5, 4});
  const Linear made = model.relink("1", Linear(4, 7));
  CHECK(model(x).shape() == Shape{4, 7});
  CHECK(model.namedparams()[2].second.shape() == Shape{7, 4});
  CHECK(model.get<Linear>(2).W.data().shares_memory_with(made.W.data()));
  set_prior_bias(model.get<Linear>(2), std::vector<std::size_t>(7, 2));
  model.append(with_arguments(leaky_relu, 0.5)).append(Linear(7, 1));
  CHECK(model(x).shape() == Shape{4, 1});
  CHECK(paths(model).back() == "2/b");

  CHECK_THROWS_WITH(model.relink("3", Linear(1, 1)), "Sequential: there is no link '3' to replace");
  CHECK_THROWS_WITH(model.get<Linear>(1), "Sequential: layer 1 is a function");
  CHECK_THROWS_WITH(model.get<Dropout>(0), "Sequential: layer 0 is a link of another type");
  CHECK_THROWS_WITH(model.get<Linear>(5), "Sequential: layer 5 is out of range for 5 layers");
  const Sequential taken = std::move(model);
  CHECK(taken(x).shape() == Shape{4, 1});
  CHECK_THROWS_WITH(model(x), "Sequential: the link has been moved from");
}

TEST_CASE("Sequential is saved by the names of its links") {
  const ScratchDirectory directory;
  const Array x = uniform({4, 3}).astype(Dtype::float32);
  const Sequential model(Linear(3, 4), relu, BatchNormalization(4), Linear(2));
  model(x);
  save_npz(directory / "model.npz", model);
  Sequential loaded(Linear(3, 4), relu, BatchNormalization(4), Linear(2));
  load_npz(directory / "model.npz", loaded);
  const TestMode testing;
  CHECK(values(loaded(x).data()) == values(model(x).data()));
}

TEST_CASE("a step of a Sequential allocates nothing from the system after warm-up") {
  Sequential model(Linear(3, 4), BatchNormalization(4), relu, Dropout(0.5), LayerNormalization(4),
                   MLP({4, 4, 1}));
  SGD optimizer({.lr = 0.1});
  optimizer.setup(model);
  const Variable x(uniform({8, 3}).astype(Dtype::float32), false);
  const auto step = [&] {
    Variable loss = sum(model(x));
    model.cleargrads();
    loss.backward();
    optimizer.update();
  };
  for (int i = 0; i < 10; ++i) step();
  const std::size_t heap_before = allocation_count();
  const std::size_t pool_before = memory::stats().system_allocations;
  for (int i = 0; i < 100; ++i) step();
  CHECK(allocation_count() == heap_before);
  CHECK(memory::stats().system_allocations == pool_before);
}

TEST_CASE("ChainList holds links of one type") {
  random::seed(1);
  struct Net : Chain {
    ChainList<Linear> layers = link("layers", ChainList<Linear>({Linear(3, 4), Linear(4, 2)}));
    Variable operator()(const Variable& x) const {
      Variable h = x;
      for (const Linear& layer : layers) h = relu(layer(h));
      return h;
    }
  };
  const Array x = uniform({4, 3}).astype(Dtype::float32);
  Net model;
  CHECK(paths(model) == std::vector<std::string>{"layers/0/W", "layers/0/b", "layers/1/W", "layers/1/b"});
  CHECK(model.layers.size() == 2);
  Net best = copy(model);
  const auto before = values(model(x).data());
  train_step(model, x);
  CHECK(values(best(x).data()) == before);
  model.layers[1] = Linear(4, 6);
  CHECK(model(x).shape() == Shape{4, 6});
  CHECK(model.namedparams()[2].second.shape() == Shape{6, 4});
  model.layers.append(Linear(6, 1));
  CHECK(model(x).shape() == Shape{4, 1});
  CHECK(paths(model).back() == "layers/2/b");
  CHECK(model.layers.back().W.shape() == Shape{1, 6});
  CHECK(ChainList<Linear>().empty());
  CHECK(ChainList<Linear>({Linear(1, 1)}, "Stack").kind() == "Stack");
}

TEST_CASE("MLP: layers with an activation between them", "[gpu]") {
  on_every_device([](Device device) {
    random::seed(1);
    MLP model({3, 5, 4, 2});
    CHECK(paths(model) == std::vector<std::string>{"0/W", "0/b", "1/W", "1/b", "2/W", "2/b"});
    CHECK(model.count_params() == 3 * 5 + 5 + 5 * 4 + 4 + 4 * 2 + 2);
    CHECK(model.kind() == "MLP");
    model.to(device);
    const Array x = uniform({6, 3}).astype(Dtype::float32).to(device);
    CHECK(values(model(x).data()) == values(model[2](relu(model[1](relu(model[0](x))))).data()));
    MLP best = copy(model);
    const auto before = values(model(x).data());
    train_step(model, x);
    CHECK(values(best(x).data()) == before);
    CHECK(values(model(x).data()) != before);
  });
}

TEST_CASE("MLP takes an activation, dropout, an initializer and the input's size from the first x") {
  random::seed(1);
  const Array x = uniform({6, 3});
  const MLP model(
      {0, 5, 2},
      {.activation = tenbin::tanh, .dropout = 0.5, .initialW = Constant(0.25), .dtype = Dtype::float64});
  CHECK_FALSE(model[0].W.is_initialized());
  random::seed(2);
  const auto trained = values(model(x).data());
  CHECK(model[0].W.shape() == Shape{5, 3});
  CHECK(values(model[1].W.data()) == std::vector<double>(10, 0.25));
  random::seed(2);
  CHECK(values(model[1](dropout(tenbin::tanh(model[0](x)), 0.5)).data()) == trained);
  const TestMode testing;
  CHECK(values(model(x).data()) == values(model[1](tenbin::tanh(model[0](x))).data()));
  check_gradients([&](const Variables& xs) { return model(xs[0]); }, {x}, model.namedparams());
  const MLP linear({3, 1});
  CHECK(linear.count_params() == 4);
}

TEST_CASE("MLP refuses sizes and options that are out of range") {
  CHECK_THROWS_WITH(MLP({3}), "MLP: expected the sizes of the input and of the output, got 1 sizes");
  CHECK_THROWS_WITH(MLP({3, 0, 2}), "MLP: only the first size can be 0, got 0 at 1");
  CHECK_THROWS_WITH(MLP({3, 2}, {.dropout = 1}), "MLP: dropout must be in [0, 1), got 1");
  CHECK_THROWS_WITH(MLP({3, 2}, {.activation = nullptr}), "MLP: the activation is empty");
  MLP model({3, 2});
  const MLP taken = std::move(model);
  CHECK_THROWS_WITH(model(Array::zeros({1, 3})), "MLP: the link has been moved from");
}
