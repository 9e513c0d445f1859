#include "tenbin/tests/optimizers/optimizer_test.h"

#include <cstdlib>
#include <memory>
#include <new>

#include "tenbin/cpu/update.h"
#include "tenbin/cuda/captured_step.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/array/get_rows.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/optimizers/momentum_sgd.h"
#include "tenbin/optimizers/optimizer_hooks.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/tests/memory_use.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Values = std::vector<double>;

struct MLP : Chain {
  Linear l1 = link("l1", Linear(2, 8));
  Linear l2 = link("l2", Linear(8, 1));
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

// Mean squared error: sets the gradient of y and runs backward; returns the loss.
double backward_mse(Variable y, const Array& t) {
  const float* target = t.data<float>();
  const float* output = y.data().data<float>();
  Array gy = Array::empty_like(y.data());
  float* g = gy.data<float>();
  double loss = 0;
  for (std::size_t i = 0; i < gy.size(); ++i) {
    const float error = output[i] - target[i];
    g[i] = 2 * error / static_cast<float>(gy.size());
    loss += double{error} * double{error} / static_cast<double>(gy.size());
  }
  y.set_grad(gy);
  y.backward();
  return loss;
}

const Array xor_x = {{0.f, 0.f}, {0.f, 1.f}, {1.f, 0.f}, {1.f, 1.f}};
const Array xor_t = {{0.f}, {1.f}, {1.f}, {0.f}};

double train_step(MLP& model, Optimizer& optimizer) {
  const Variable y = model(xor_x);
  model.cleargrads();
  const double loss = backward_mse(y, xor_t);
  optimizer.update();
  return loss;
}

Values all_parameters(const Link& model) {
  Values all;
  for (const Parameter& parameter : model.params())
    for (const double w : values(parameter.data())) all.push_back(w);
  return all;
}

bool adjoins(const Array& a, const Array& b) {
  return a.shares_memory_with(b) &&
         static_cast<const char*>(a.raw_data()) + a.nbytes() == static_cast<const char*>(b.raw_data());
}

}  // namespace

TEST_CASE("an MLP learns XOR") {
  random::seed(2);
  MLP model;
  Adam optimizer({.alpha = 0.05});
  optimizer.setup(model);
  double loss = 1;
  for (int step = 0; step < 300; ++step) loss = train_step(model, optimizer);
  CHECK(loss < 1e-3);
}

TEST_CASE("after setup parameters and gradients are contiguous, and backward writes there") {
  MLP model;
  Adam optimizer;
  const auto before = all_parameters(model);
  optimizer.setup(model);
  CHECK(all_parameters(model) == before);
  CHECK(adjoins(model.l1.W.data(), model.l1.b.data()));
  CHECK(adjoins(model.l1.b.data(), model.l2.W.data()));
  backward_mse(model(xor_x), xor_t);
  CHECK(adjoins(model.l1.W.grad(), model.l1.b.grad()));
  CHECK(adjoins(model.l1.b.grad(), model.l2.W.grad()));
  CHECK(adjoins(model.l2.W.grad(), model.l2.b.grad()));
}

TEST_CASE("gradients accumulate over calls of backward, with and without an optimizer") {
  random::seed(4);
  MLP flat;
  MLP plain = copy(flat);
  SGD optimizer;
  optimizer.setup(flat);
  for (int i = 0; i < 2; ++i) {
    backward_mse(flat(xor_x), xor_t);
    backward_mse(plain(xor_x), xor_t);
  }
  CHECK(values(flat.l1.W.grad()) == values(plain.l1.W.grad()));
  flat.cleargrads();
  CHECK_FALSE(flat.l1.W.grad());
  backward_mse(flat(xor_x), xor_t);
  plain.cleargrads();
  backward_mse(plain(xor_x), xor_t);
  CHECK(values(flat.l1.W.grad()) == values(plain.l1.W.grad()));
}

TEST_CASE("a parameter without a gradient is updated with gradient zero") {
  Chain model;
  Parameter used = model.param("used", Array{1.0});
  Parameter unused = model.param("unused", Array{1.0});
  MomentumSGD optimizer({.lr = 1, .momentum = 0.5});
  optimizer.setup(model);
  used.set_grad(Array{1.0});
  unused.set_grad(Array{1.0});
  optimizer.update();
  CHECK(unused.data().item() == 0);
  model.cleargrads();
  used.set_grad(Array{1.0});
  optimizer.update();
  CHECK(used.data().item() == -1.5);
  CHECK(unused.data().item() == -0.5);  // because of its velocity alone
  optimizer.add_hook(WeightDecay(1));
  model.cleargrads();
  optimizer.update();
  CHECK(unused.data().item() == -0.5 - 0.25 + 0.5);
}

TEST_CASE("replaced data are detected, and the state is kept") {
  const auto run = [](bool replace) {
    Bowl bowl(Dtype::float64);
    Adam optimizer({.alpha = 0.1});
    optimizer.setup(bowl);
    for (int t = 0; t < 10; ++t) {
      bowl.set_gradients();
      if (replace && t == 3) bowl.W.set_data(bowl.W.data().copy());
      if (replace && t == 5) bowl.b.set_data(bowl.b.data().copy());
      optimizer.update();
    }
    auto all = all_parameters(bowl);
    for (const auto& [name, array] : optimizer.state_arrays())
      for (const double value : values(array)) all.push_back(value);
    return all;
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("the state moves with a model to another device", "[gpu]") {
  on_every_device([](Device device) {
    const auto run = [&](Device second) {
      Bowl bowl(Dtype::float64);
      Adam optimizer({.alpha = 0.1});
      optimizer.setup(bowl);
      optimizer.add_hook(WeightDecay(1e-2));
      for (int t = 0; t < 6; ++t) {
        if (t == 2) bowl.to(second);
        if (t == 4) bowl.to(Device::cpu());
        bowl.set_gradients();
        optimizer.update();
        CHECK(bowl.W.device() == (t / 2 == 1 ? second : Device::cpu()));
        CHECK(optimizer.state_arrays()[3].second.device() == bowl.W.device());
      }
      auto all = all_parameters(bowl);
      for (const auto& [name, array] : optimizer.state_arrays())
        for (const double value : values(array)) all.push_back(value);
      return all;
    };
    check_close(run(device), run(Device::cpu()), 1e-14, 1e-14);
  });
}

TEST_CASE("data of another dtype keep their state") {
  Bowl bowl(Dtype::float32);
  MomentumSGD optimizer({.lr = 0.1});
  optimizer.setup(bowl);
  bowl.set_gradients();
  optimizer.update();
  const auto velocity = values(optimizer.state_arrays()[3].second);
  bowl.W.set_data(bowl.W.data().astype(Dtype::float64));
  const NamedArrays state = optimizer.state_arrays();
  CHECK(state[3].second.dtype() == Dtype::float64);
  CHECK(values(state[3].second) == velocity);
  bowl.set_gradients();
  optimizer.update();  // now two groups
  CHECK(bowl.W.dtype() == Dtype::float64);
  CHECK(bowl.b.dtype() == Dtype::float32);
}

TEST_CASE("data of another shape start with a new state") {
  Chain model;
  Parameter w = model.param("w", Array{1.0, 2.0});
  MomentumSGD optimizer({.lr = 1});
  optimizer.setup(model);
  w.set_grad(Array{1.0, 1.0});
  optimizer.update();
  w.set_data(Array{1.0, 1.0, 1.0});
  w.set_grad(Array{0.0, 1.0, 2.0});
  optimizer.update();
  CHECK(values(w.data()) == Values{1, 0, -1});
}

TEST_CASE("a lazy parameter is added when it is initialised") {
  Chain model;
  Linear known = model.link("known", Linear(2, 2));
  Linear lazy = model.link("lazy", Linear(1, {.initialW = Constant(1)}));
  MomentumSGD optimizer({.lr = 1});
  optimizer.setup(model);
  CHECK(optimizer.state_arrays().size() == 2 + 2 * 3);  // known/W known/b lazy/b
  known.W.set_grad(Array::ones({2, 2}));
  optimizer.update();
  const auto velocity = values(optimizer.state_arrays()[3].second);

  Variable y = lazy(Array{{2.f, 3.f}});
  model.cleargrads();
  y.backward();
  optimizer.update();
  CHECK(values(lazy.W.data()) == Values{-1, -2});
  CHECK(adjoins(known.b.data(), lazy.W.data()));
  const NamedArrays state = optimizer.state_arrays();
  CHECK(state.size() == 2 + 2 * 4);
  for (std::size_t i = 0; i < velocity.size(); ++i)
    CHECK(values(state[3].second)[i] == Approx(0.9 * velocity[i]));
}

TEST_CASE("a shared parameter is moved once, and saved under each of its names") {
  Chain model;
  Linear first = model.link("first", Linear(2, 2));
  model.link("second", first);
  SGD optimizer({.lr = 1});
  optimizer.setup(model);
  const auto before = values(first.b.data());
  first.b.set_grad(Array{1.f, 2.f});
  optimizer.update();
  CHECK(values(first.b.data()) == Values{before[0] - 1, before[1] - 2});
  const NamedArrays state = optimizer.state_arrays();
  REQUIRE(state.size() == 6);
  CHECK(state[4].first == "second/W/t");
}

TEST_CASE("parameters that are not trained are not changed") {
  Chain model;
  Parameter w = model.param("w", Array{1.f});
  Parameter mean = model.param("mean", Array{5.f}, false);
  Parameter count = model.param("count", Array::scalar(3, Dtype::int64));
  SGD optimizer;
  optimizer.add_hook(WeightDecay(1));
  optimizer.setup(model);
  optimizer.update();
  CHECK(mean.data().item() == 5);
  CHECK(count.data().item() == 3);
  CHECK(optimizer.state_arrays().size() == 3);
}

TEST_CASE("two optimizers over one model take turns") {
  Chain model;
  Parameter w = model.param("w", Array{0.0});
  MomentumSGD a({.lr = 1, .momentum = 0.5});
  MomentumSGD b({.lr = 10, .momentum = 0.5});
  a.setup(model);
  b.setup(model);
  for (int i = 0; i < 2; ++i)
    for (Optimizer* optimizer : {static_cast<Optimizer*>(&a), static_cast<Optimizer*>(&b)}) {
      model.cleargrads();
      w.set_grad(Array{1.0});
      optimizer->update();
    }
  CHECK(w.data().item() == -1 - 10 - 1.5 - 15);
}

TEST_CASE("model and optimizer may be destroyed in any order") {
  auto model = std::make_unique<MLP>();
  auto optimizer = std::make_unique<Adam>();
  optimizer->setup(*model);
  const Parameter kept = model->l1.W;
  model.reset();
  optimizer->update();
  optimizer.reset();
  CHECK(values(kept.data()).size() == 16);

  MLP other;
  { Adam().setup(other); }
  backward_mse(other(xor_x), xor_t);
  CHECK(other.l1.W.grad());
  SGD next;
  next.setup(other);
  next.update();
}

TEST_CASE("a deep copy is independent of the optimizer") {
  MLP model;
  Adam optimizer;
  optimizer.setup(model);
  const MLP best = copy(model);
  const auto before = all_parameters(best);
  for (int i = 0; i < 3; ++i) train_step(model, optimizer);
  CHECK(all_parameters(best) == before);
  CHECK(all_parameters(model) != before);
  model.copyparams(best);
  CHECK(all_parameters(model) == before);
  train_step(model, optimizer);
  CHECK(all_parameters(best) == before);
}

TEST_CASE(
    "counters and state can be written through their arrays, and training continues as if uninterrupted") {
  random::seed(6);
  MLP model;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  for (int i = 0; i < 5; ++i) train_step(model, optimizer);
  optimizer.new_epoch();

  MLP resumed_model;
  resumed_model.copyparams(model);
  Adam resumed({.alpha = 0.01});
  resumed.setup(resumed_model);
  const NamedArrays from = optimizer.state_arrays();
  NamedArrays to = resumed.state_arrays();
  REQUIRE(from.size() == 2 + 4 * 3);
  for (std::size_t i = 0; i < from.size(); ++i) {
    REQUIRE(to[i].first == from[i].first);
    to[i].second.assign(from[i].second);
  }
  CHECK(from[0].first == "t");
  CHECK(from[1].first == "epoch");
  CHECK(from[2].first == "l1/W/t");
  CHECK(from[3].first == "l1/W/m");
  CHECK(from[4].first == "l1/W/v");
  CHECK(resumed.t() == 5);
  CHECK(resumed.epoch() == 1);
  for (int i = 0; i < 5; ++i) {
    train_step(model, optimizer);
    train_step(resumed_model, resumed);
  }
  CHECK(all_parameters(resumed_model) == all_parameters(model));
}

TEST_CASE("a second setup starts with a new state") {
  MLP model;
  Adam optimizer;
  optimizer.setup(model);
  train_step(model, optimizer);
  optimizer.setup(model);
  CHECK(optimizer.t() == 0);
  for (const double m : values(optimizer.state_arrays()[3].second)) CHECK(m == 0);
}

TEST_CASE("update before setup is an error") {
  CHECK_THROWS_WITH(Adam().update(), "Adam: update before setup");
}

TEST_CASE("setup refuses a model without parameters to train, and changes nothing") {
  struct Forgotten : Chain {
    Linear l1 = Linear(2, 3);  // no link()
  } forgotten;
  const std::string text =
      "SGD: setup: the model (Chain) has no parameters to train; register them with param(), its layers with "
      "link()";
  CHECK_THROWS_WITH(SGD().setup(forgotten), text);
  Chain fixed;
  fixed.param("mean", Array{1.f}, false);
  fixed.param("count", Array{1});
  Chain model;
  Parameter w = model.param("w", Array{1.0});
  SGD optimizer({.lr = 1});
  optimizer.setup(model);
  optimizer.update();
  CHECK_THROWS_WITH(optimizer.setup(fixed), text);
  CHECK(optimizer.t() == 1);
  w.set_grad(Array{1.0});
  optimizer.update();
  CHECK(w.data().item() == 0);

  SGD lazy;
  lazy.setup(Linear(3, {.nobias = true}));  // it will have one
  lazy.update();
  CHECK(lazy.t() == 1);
}

TEST_CASE("an optimizer follows assignments to members of its model, and to the model") {
  MLP model;
  MomentumSGD optimizer({.lr = 0.1});
  optimizer.setup(model);
  for (int i = 0; i < 2; ++i) train_step(model, optimizer);
  const auto velocity = values(optimizer.state_arrays()[3].second);
  const auto check_trains = [&](const Variable& parameter) {
    const auto before = values(parameter.data());
    train_step(model, optimizer);
    CHECK(values(parameter.data()) != before);
    CHECK(optimizer.state_arrays().size() == 2 + 4 * 2);
  };
  model.l2 = Linear(8, 1, {.initialW = Constant(0.5)});
  CHECK(values(optimizer.state_arrays()[3].second) == velocity);  // of l1/W
  CHECK(values(optimizer.state_arrays()[7].second) == Values(8, 0));
  check_trains(model.l2.W);

  const MLP best = copy(model);
  const auto kept = all_parameters(best);
  model = copy(best);
  check_trains(model.l1.W);
  check_trains(model.l2.b);
  CHECK(all_parameters(best) == kept);
  CHECK(optimizer.t() == 5);

  model.l1 = Linear(2, 8);
  const MLP taken = std::move(model);  // the optimizer still has it
  optimizer.update();
  CHECK(optimizer.t() == 6);
}

TEST_CASE("models that are swapped in a vector keep their optimizers") {
  std::vector<MLP> models(3);
  std::vector<SGD> optimizers(3);
  for (std::size_t i = 0; i < 3; ++i) optimizers[i].setup(models[i]);
  const Parameter first = models[0].l1.b, second = models[1].l1.b;
  models.erase(models.begin());
  std::swap(models[0], models[1]);
  Variable(second).set_grad(Array::ones({8}));
  optimizers[0].update();
  CHECK(values(second.data()) == Values(8, 0));
  optimizers[1].update();
  CHECK(values(second.data()) != Values(8, 0));
  Variable(first).set_grad(Array::ones({8}));
  optimizers[0].update();
  CHECK(values(first.data()) != Values(8, 0));
}

TEST_CASE("members of a model may be assigned to after its optimizer was destroyed") {
  Linear layer(2, 2);
  {
    SGD optimizer;
    optimizer.setup(layer);
  }
  layer = Linear(2, 3);
  CHECK(layer.W.shape() == Shape{3, 2});
}

TEST_CASE("a user's hook can refuse the update") {
  struct Refuse : OptimizerHook {
    std::string name() const override { return "Refuse"; }
    void operator()(FlatGroups&, std::int64_t t) override { throw Error("Refuse: at ", t); }
    std::int64_t count() const { return updates_done(); }
  };
  Bowl bowl(Dtype::float32);
  MomentumSGD optimizer;
  optimizer.setup(bowl);
  const auto before = all_parameters(bowl);
  bowl.set_gradients();
  optimizer.update();
  const auto after_one = all_parameters(bowl);
  const auto velocity = values(optimizer.state_arrays()[3].second);
  CHECK_THROWS_WITH(Refuse().count(), "Refuse: no optimizer has this hook");
  CHECK(optimizer.add_hook(Refuse()).count() == 1);
  CHECK_THROWS_WITH(optimizer.update(), "Refuse: at 1");
  CHECK(all_parameters(bowl) == after_one);
  CHECK(values(optimizer.state_arrays()[3].second) == velocity);
  CHECK(optimizer.t() == 1);
  CHECK(before != after_one);
}

TEST_CASE("a captured step detects added and removed hooks, and does not flatten parameters", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    Bowl bowl(Dtype::float32, device);
    SGD optimizer;
    optimizer.setup(bowl);
    optimizer.add_hook(WeightDecay(0.1));
    const auto update = [&](const Array& x) {
      optimizer.update();
      return x;
    };
    const Array x = Array::zeros({1}, Dtype::float32, device);
    CapturedStep step(update, {.warmup = 1});
    for (int i = 0; i < 3; ++i) step(x);
    CHECK(step.is_captured());
    const Values before = all_parameters(bowl);
    optimizer.remove_hook("WeightDecay");
    CHECK_THROWS_WITH(
        step(x),
        "SGD: hooks have been added or removed since the step was captured; make a new CapturedStep");
    CHECK(all_parameters(bowl) == before);
    CHECK(optimizer.t() == 3);

    CapturedStep too_early(update, {.warmup = 0});
    bowl.W.set_data(bowl.W.data().copy());
    CHECK_THROWS_WITH(
        too_early(x),
        "SGD: a captured step cannot move the parameters into one buffer: update once before it");
  });
}

TEST_CASE("until an error of a kernel has been read, updates on a GPU change nothing", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    Bowl bowl(Dtype::float32, device);
    Adam optimizer({.alpha = 0.1});
    optimizer.setup(bowl);
    optimizer.add_hook(WeightDecay(0.1));
    optimizer.add_hook(GradientClipping(1));
    bowl.set_gradients();
    optimizer.update();
    const auto all = [&] {
      Values numbers = all_parameters(bowl);
      for (const auto& [name, state] : optimizer.state_arrays())
        if (!state.device().is_cpu())
          for (const double value : values(state)) numbers.push_back(value);
      return numbers;
    };
    const Values before = all();

    const Array beyond = Array({0, 9}).to(device);
    bowl.set_gradients();
    const Variable rows = get_rows(bowl.W, beyond);
    optimizer.update();
    optimizer.update();
    CHECK_THROWS_WITH(rows.data().to_vector<float>(), ContainsSubstring("get_rows"));
    CHECK(all() == before);
    optimizer.update();  // training can continue
    CHECK(all() != before);
  });
}

TEST_CASE("long parameters are updated in blocks, with any number of threads", "[gpu]") {
  const std::size_t count = (std::size_t{1} << 16) * 2 + 17;  // more than all threads of a GPU
  const auto run = [&](std::size_t threads, Device device) {
    const std::size_t before = num_threads();
    set_num_threads(threads);
    Chain model;
    const Array numbers = Array::arange(count).astype(Dtype::float32).to(device);
    Parameter w = model.param("w", numbers.copy());
    Adam optimizer;
    optimizer.setup(model);
    w.set_grad(numbers);
    optimizer.update();
    set_num_threads(before);
    return values(w.data());
  };
  const auto w = run(1, Device::cpu());
  CHECK(run(3, Device::cpu()) == w);
  Values expected;
  for (std::size_t i = 0; i < count; ++i) expected.push_back(static_cast<double>(i) - (i == 0 ? 0 : 0.001));
  check_close(w, expected, 1e-5, 1e-7);
  on_every_device([&](Device device) { check_close(run(1, device), w, 1e-9, 1e-7); });
}

TEST_CASE("denormal moments are flushed during an update and nowhere else") {
  volatile float denormal = 1e-40f;
  {
    const cpu::FlushDenormals flush;
    CHECK(denormal * 0.5f == 0);
  }
  CHECK(denormal * 0.5f > 0);

  Chain model;
  Parameter w = model.param("w", Array{1.f});
  MomentumSGD optimizer({.lr = 1, .momentum = 0.5});
  optimizer.setup(model);
  w.set_grad(Array::full({1}, 1.2e-38));
  for (int i = 0; i < 3; ++i) {
    optimizer.update();
    w.set_grad(Array{0.f});
  }
  CHECK(optimizer.state_arrays()[3].second.item() == 0);
  CHECK(denormal * 0.5f > 0);
}

TEST_CASE("after warm-up a training step allocates nothing") {
  MLP model;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  optimizer.add_hook(WeightDecay(1e-4));
  optimizer.add_hook(GradientClipping(1));
  optimizer.add_hook(GradientNoise(1e-6));
  for (int i = 0; i < 3; ++i) train_step(model, optimizer);
  const std::size_t from_system = memory::stats().system_allocations;
  const std::size_t from_heap = allocation_count();
  REQUIRE(from_heap > 0);  // the counter works
  for (int i = 0; i < 10; ++i) train_step(model, optimizer);
  CHECK(memory::stats().system_allocations == from_system);
  CHECK(allocation_count() == from_heap);
}

TEST_CASE("a parameter replaced between forward and backward does not affect other parameters") {
  struct Model : Chain {
    Linear l = link("l", Linear(4, 4));
  } model;
  SGD optimizer;
  optimizer.setup(model);
  Variable y = model.l(Variable(Array::ones({1, 4})));
  model.l.W.set_data(Array::ones({1, 1}));
  optimizer.state_arrays();  // changes the layout: the gradient of W now has one element, followed by that of
                             // b
  model.l.b.set_grad(Array::zeros({4}));
  y.set_grad(Array::ones({1, 4}));
  CHECK_THROWS_WITH(y.backward(), ContainsSubstring("for input 1, float32(1, 1)"));
  CHECK(model.l.b.grad().to_vector<float>() == std::vector<float>{0, 0, 0, 0});
}
