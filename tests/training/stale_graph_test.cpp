// Parameters that change between forward and backward: an error if, and only if, the gradient would be wrong.
#include <functional>
#include <limits>

#include "tenbin/cuda/captured_step.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Two layers without a function in between: y = W2 W1 x, dW1 = W2^T x^T, dW2 = (W1 x)^T.
struct Net : Chain {
  Linear l1 = link("l1", Linear(2, 2, {.nobias = true, .dtype = Dtype::float64}));
  Linear l2 = link("l2", Linear(2, 1, {.nobias = true, .dtype = Dtype::float64}));

  Net() {
    l1.W.set_data(Array{{1., 0.}, {0., 1.}});
    l2.W.set_data(Array{{3., 5.}});
  }
  Variable operator()(const Variable& x) const { return l2(l1(x)); }
};

const std::string changed_W2 =
    "linear: backward: input 1, variable W float64(1, 2), was changed in place since forward (an update, "
    "load_npz or copyparams); run forward again";

// An optimizer that has not changed values yet, but has moved the model's parameters into its buffer.
void set_up(Optimizer& optimizer, const Link& model) {
  optimizer.setup(model);
  model.cleargrads();
  optimizer.update();
}

std::vector<double> gradients_after(const Net& net, Variable y) {
  net.cleargrads();
  y.backward();
  return values(net.l1.W.grad());
}

}  // namespace

TEST_CASE("backward through parameters that were updated since forward is an error", "[gpu]") {
  on_every_device([](Device device) {
    Net net;
    net.to(device);
    const Array x = Array{{1., 2.}}.to(device);
    SGD optimizer({.lr = 1});
    set_up(optimizer, net);
    const Variable h = net.l1(x);
    Variable first = sum(net.l2(h));
    Variable second = sum(net.l2(h) * 2);
    net.cleargrads();
    first.backward();
    optimizer.update();
    net.cleargrads();
    std::string text = changed_W2;
    if (!device.is_cpu()) text.insert(text.find(", was"), "@cuda:0");
    CHECK_THROWS_WITH(second.backward(), text);
    // Now W1 is I - (3, 5)^T (1, 2), W2 is (3, 5) - (1, 2).
    CHECK(values(net.l2.W.data()) == std::vector<double>{2, 3});
    CHECK(gradients_after(net, sum(net(x))) == std::vector<double>{2, 4, 3, 6});
  });
}

TEST_CASE("backward through parameters that were loaded or copied over since forward is an error") {
  const ScratchDirectory directory;
  const std::string file = directory / "net.npz";
  const Array x = {{1., 2.}};
  Net net;
  Net other;
  other.l2.W.set_data(Array{{7., 9.}});
  save_npz(file, other);
  Variable y = sum(net(x));
  SECTION("load_npz") { load_npz(file, net); }
  SECTION("copyparams") { net.copyparams(other); }
  net.cleargrads();
  CHECK_THROWS_WITH(y.backward(), changed_W2);
  CHECK(gradients_after(net, sum(net(x))) == std::vector<double>{7, 14, 9, 18});
}

TEST_CASE("set_data between forward and backward gives the gradient of the forward pass") {
  Net net;
  Variable y = sum(net(Array{{1., 2.}}));
  net.l2.W.set_data(Array{{100., 100.}});
  CHECK(gradients_after(net, y) == std::vector<double>{3, 6, 5, 10});
}

TEST_CASE("graphs from before a layout are valid until the parameters change") {
  struct Case {
    Net net, other;
    SGD optimizer{{.lr = 1}};
    SGD second{{.lr = 1}};
    Variable before;

    void forward() { before = sum(net(Array{{1., 2.}})); }
  };
  const auto new_data = [](Case& c) { c.net.l1.W.set_data(c.net.l1.W.data().copy()); };
  const std::pair<const char*, std::function<void(Case&)>> layouts[] = {
      {"setup", [](Case& c) { c.forward(), c.optimizer.setup(c.net); }},
      {"two setups", [](Case& c) { c.forward(), c.optimizer.setup(c.net), c.optimizer.setup(c.net); }},
      {"setup by another optimizer, which then does nothing",
       [](Case& c) { c.forward(), c.second.setup(c.net), c.optimizer.setup(c.net); }},
      {"in turn with another optimizer",
       [](Case& c) { set_up(c.optimizer, c.net), c.forward(), c.second.setup(c.net); }},
      {"another layer in the place of one",
       [](Case& c) {
         set_up(c.optimizer, c.net);
         c.forward();
         c.net.l1 = Linear(2, 2, {.nobias = true, .dtype = Dtype::float64});
       }},
      {"new data of one parameter", [&](Case& c) { set_up(c.optimizer, c.net), c.forward(), new_data(c); }},
      {"new data after setup", [&](Case& c) { c.optimizer.setup(c.net), new_data(c), c.forward(); }}};
  const ScratchDirectory directory;
  const std::string file = directory / "net.npz";
  save_npz(file, Net());
  const std::pair<const char*, std::function<void(Case&)>> changes[] = {
      {"update", [](Case& c) { c.optimizer.update(); }},
      {"load_npz", [&](Case& c) { load_npz(file, c.net); }},
      {"copyparams", [](Case& c) { c.net.copyparams(c.other); }}};
  for (const auto& [layout_name, flatten] : layouts) {
    for (const auto& [change_name, change] : changes) {
      INFO(layout_name << ", then " << change_name);
      Case c;
      flatten(c);
      c.optimizer.state_arrays();  // lays out the parameters, if that has not been done yet
      Variable again = c.before;
      c.net.cleargrads();
      CHECK_NOTHROW(again.backward());
      change(c);
      c.net.cleargrads();
      CHECK_THROWS_WITH(c.before.backward(), changed_W2);
      CHECK(gradients_after(c.net, sum(c.net(Array{{1., 2.}}))).size() == 4);
    }
  }
}

TEST_CASE("a lazily sized model detects graphs from before its first update", "[gpu]") {
  on_every_device([](Device device) {
    Linear layer(2, {.nobias = true});
    layer.to(device);
    SGD optimizer({.lr = 1});
    optimizer.setup(layer);
    const Variable x(Array{{1.f, 2.f}}.to(device));
    Variable a = sum(layer(x));
    Variable b = sum(layer(x));
    layer.cleargrads();
    a.backward();
    optimizer.update();
    layer.cleargrads();
    CHECK_THROWS_WITH(b.backward(), ContainsSubstring("was changed in place since forward"));
  });
}

TEST_CASE("an update that fails leaves graphs from before a layout as they are") {
  Net net;
  SGD optimizer({.lr = 1});
  Variable y = sum(net(Array{{1., 2.}}));
  optimizer.setup(net);
  optimizer.hyperparam.lr = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(optimizer.update(), ContainsSubstring("lr must be finite"));
  CHECK(gradients_after(net, y) == std::vector<double>{3, 6, 5, 10});
}

TEST_CASE("two optimizers train two halves of one graph in turn") {
  const Array z = {{1., 2.}};
  Net generator;
  generator.l2.W.set_data(Array{{3., 5.}, {1., 1.}});
  Net critic;
  SGD generator_optimizer({.lr = 0.5});
  SGD critic_optimizer({.lr = 0.5});
  set_up(generator_optimizer, generator);
  set_up(critic_optimizer, critic);
  for (int step = 0; step < 3; ++step) {
    const Variable fake = generator(z);
    Variable critic_loss = sum(critic(fake));
    critic.cleargrads();
    critic_loss.backward();
    critic_optimizer.update();
    // The generator's part of the graph is unchanged, the critic's is new.
    Variable generator_loss = sum(critic(fake));
    generator.cleargrads();
    generator_loss.backward();
    generator_optimizer.update();
    // The critic has not changed since, but the generator has: its part is out of date.
    CHECK_THROWS_WITH(generator_loss.backward(),
                      ContainsSubstring("linear: backward: input 1, variable W float64("));
  }
}

TEST_CASE("the bias of a linear layer may change: its backward does not read it", "[gpu]") {
  on_every_device([](Device device) {
    Linear layer(2, 2);
    layer.W.set_data(Array{{1.f, 2.f}, {3.f, 4.f}});
    layer.to(device);
    Variable y = layer(Array{{5.f, 6.f}}.to(device));
    Array(layer.b.data()).fill(9);
    y.set_grad(Array{{1.f, 10.f}}.to(device));
    layer.cleargrads();
    y.backward();
    CHECK(values(layer.b.grad()) == std::vector<double>{1, 10});
    CHECK(values(layer.W.grad()) == std::vector<double>{5, 6, 50, 60});
    CHECK(layer.b.grad().device() == device);
  });
}

TEST_CASE("a replay of a captured step changes the parameters that it updates", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    Net net;
    net.to(device);
    SGD optimizer({.lr = 0.125});
    set_up(optimizer, net);
    CapturedStep step(
        [&](const Array& x) {
          Variable loss = sum(net(x));
          net.cleargrads();
          loss.backward();
          optimizer.update();
          return loss;
        },
        {.warmup = 1});
    const Array x = Array{{1., 2.}}.to(device);
    for (int i = 0; i < 3; ++i) step(x);
    REQUIRE(step.is_captured());
    Variable y = sum(net(x));
    step(x);  // only a replay
    CHECK_THROWS_WITH(y.backward(), ContainsSubstring("was changed in place since forward"));
    CHECK(gradients_after(net, sum(net(x))).size() == 4);
  });
}
