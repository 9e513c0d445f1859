#include "tenbin/links/link.h"

#include <sstream>

#include "tenbin/functions/activation/relu.h"
#include "tenbin/links/linear.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct MLP : Chain {
  Linear l1 = link("l1", Linear(4, 3));
  Linear l2 = link("l2", Linear(3, 2, {.nobias = true}));
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

// Nested, with a vector of links, a link that is shared, and a value that is not trained.
struct Nested : Chain {
  MLP body = link("body", MLP());
  std::vector<Linear> blocks;
  Linear tied = link("tied", body.l1);
  Parameter scale = param("scale", Array{2.f});
  Parameter count = param("count", Array::scalar(7, Dtype::int64));
  Nested() {
    for (int i = 0; i < 3; ++i) blocks.push_back(link("block" + std::to_string(i), Linear(2, 2)));
  }
  Variable operator()(const Variable& x) const {
    Variable h = body(x);
    for (const Linear& block : blocks) h = block(h);
    return h;
  }
};

std::vector<std::string> paths(const NamedParameters& parameters) {
  std::vector<std::string> names;
  for (const auto& [path, parameter] : parameters) names.push_back(path);
  return names;
}

std::string printed(const Link& link) {
  std::ostringstream out;
  out << link;
  return out.str();
}

}  // namespace

TEST_CASE("a link names its parameters in the order of registration") {
  const Nested model;
  CHECK(paths(model.namedparams()) ==
        std::vector<std::string>{"scale", "body/l1/W", "body/l1/b", "body/l2/W", "tied/W", "tied/b",
                                 "block0/W", "block0/b", "block1/W", "block1/b", "block2/W", "block2/b"});
  CHECK(model.params().size() == 10);  // the tied ones once
  CHECK(model.count_params() == 1 + 15 + 6 + 3 * 6);
  CHECK(model.body.l1.W.name() == "W");
}

TEST_CASE("a link's state includes what is not trained, and shares memory") {
  Nested model;
  const NamedArrays state = model.state_arrays();
  REQUIRE(state.size() == 13);
  CHECK(state[1].first == "count");
  Array count = state[1].second;
  count.fill(9);
  CHECK(model.count.data().item<std::int64_t>() == 9);
  CHECK(state[2].second.shares_memory_with(model.body.l1.W.data()));
}

TEST_CASE("a name must be new, not empty and without slash") {
  Chain model;
  model.param("W", Array{1.f});
  model.link("l1", Linear(2, 3));
  CHECK_THROWS_WITH(model.param("W", Array{1.f}), "Chain: the name 'W' is taken");
  CHECK_THROWS_WITH(model.param("l1", Array{1.f}), "Chain: the name 'l1' is taken");
  CHECK_THROWS_WITH(model.link("W", Linear(2, 3)), "Chain: the name 'W' is taken");
  CHECK_THROWS_WITH(model.link("", Linear(2, 3)), "Chain: a name must not be empty or contain '/', got ''");
  CHECK_THROWS_WITH(model.param("a/b"), "Chain: a name must not be empty or contain '/', got 'a/b'");
  CHECK_THROWS_WITH(model.param("p", Parameter()), "Chain: the parameter 'p' is an empty Variable");
  CHECK_THROWS_WITH(model.link("self", model), "Chain: the link 'self' contains the link it is put into");
  CHECK(model.namedparams().size() == 3);
}

TEST_CASE("what is registered inside a link later is seen from outside") {
  Chain outer;
  Chain inner = outer.link("inner", Chain());
  inner.param("W", Array{1.f});
  CHECK(paths(outer.namedparams()) == std::vector<std::string>{"inner/W"});
}

TEST_CASE("a C++ copy of a link shares its parameters") {
  MLP model;
  MLP same = model;
  same.l1.W.set_data(Array::full({3, 4}, 5));
  CHECK(values(model.l1.W.data())[0] == 5);
}

TEST_CASE("copy makes an independent link whose members and names agree") {
  Nested model;
  const auto before = values(model.body.l1.W.data());
  Nested other = copy(model);
  REQUIRE(paths(other.namedparams()) == paths(model.namedparams()));

  // Every path of the copy leads to the copy's own memory, the same for the member and the name.
  const auto theirs = other.state_arrays();
  const auto ours = model.state_arrays();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(ours[i].first);
    CHECK_FALSE(theirs[i].second.shares_memory_with(ours[i].second));
    CHECK(values(theirs[i].second) == values(ours[i].second));
  }
  CHECK(&other.body.l1.W.data() == &other.namedparams()[1].second.data());
  CHECK(&other.tied.W.data() == &other.body.l1.W.data());
  CHECK(&other.blocks[2].b.data() == &other.namedparams()[11].second.data());
  CHECK(other.params().size() == 10);
  CHECK_FALSE(other.count.requires_grad());
  CHECK(other.body.l1.W.name() == "W");

  Array W = other.body.l1.W.data();
  W.fill(1);
  CHECK(values(model.body.l1.W.data()) == before);
  for (Parameter& parameter : other.params()) parameter.set_data(Array::full(parameter.shape(), 1));
  CHECK(values(other(Array::ones({1, 4})).data())[0] == 127);  // 4 + 1 -> 3 * 5 -> 2 h + 1, three times
  CHECK(values(model.body.l1.W.data()) == before);
}

TEST_CASE("a copy has no gradients, and none of the graph") {
  MLP model;
  Variable y = model(Array::ones({1, 4}));
  y.set_grad(Array::ones({1, 2}));
  y.backward();
  const MLP other = copy(model);
  CHECK(model.l1.W.grad());
  CHECK_FALSE(other.l1.W.grad());
  CHECK(other.l1.W.creator() == nullptr);
}

TEST_CASE("a copy can be copied, and assigned back") {
  MLP model;
  MLP best = copy(model);
  Array W = model.l1.W.data();
  W.fill(3);
  best = copy(model);
  W.fill(4);
  CHECK(values(best.l1.W.data())[0] == 3);
  CHECK(&best.l1.W.data() == &best.namedparams()[0].second.data());
}

TEST_CASE("after copy, plain copies share again") {
  MLP model;
  const MLP other = copy(model);
  const MLP same = model;
  CHECK(&same.l1.W.data() == &model.l1.W.data());
}

TEST_CASE("cleargrads forgets every gradient") {
  Nested model;
  Variable y = model(Array::ones({1, 4}));
  y.set_grad(Array::ones({1, 2}));
  y.backward();
  CHECK(model.blocks[1].W.grad());
  model.cleargrads();
  for (const Parameter& parameter : model.params()) CHECK_FALSE(parameter.grad());
}

TEST_CASE("copyparams copies values into place, or nothing") {
  MLP model;
  MLP other;
  const Array W = model.l1.W.data();
  model.copyparams(other);
  CHECK(values(W) == values(other.l1.W.data()));
  CHECK(W.shares_memory_with(model.l1.W.data()));

  Chain wrong;
  wrong.link("l1", Linear(4, 3));
  wrong.link("l2", Linear(4, 2, {.nobias = true}));
  const auto before = values(model.l1.W.data());
  CHECK_THROWS_WITH(model.copyparams(wrong),
                    "copyparams: 'l2/W' is float32(2, 3) here and float32(2, 4) in the source");
  CHECK(values(model.l1.W.data()) == before);
  CHECK_THROWS_WITH(model.copyparams(Chain()), "copyparams: 3 parameters here, 0 in the source");
  Chain named;
  named.link("l1", Linear(4, 3));
  named.link("l3", Linear(3, 2, {.nobias = true}));
  CHECK_THROWS_WITH(model.copyparams(named), "copyparams: 'l2/W' here is 'l3/W' in the source");
}

TEST_CASE("copyparams initialises what is uninitialised, not the other way round") {
  Linear lazy(3);
  Linear full(4, 3);
  CHECK_THROWS_WITH(full.copyparams(lazy), "copyparams: 'W' is float32(3, 4) here and none in the source");
  lazy.copyparams(full);
  CHECK(values(lazy.W.data()) == values(full.W.data()));
  CHECK_FALSE(lazy.W.data().shares_memory_with(full.W.data()));
}

TEST_CASE("a link prints a line for each link and the total") {
  CHECK(printed(MLP()) ==
        "Chain\n"
        "l1: Linear  W float32(3, 4), b float32(3)  15\n"
        "l2: Linear  W float32(2, 3)  6\n"
        "total 21");
  Chain outer;
  outer.link("mlp", MLP());
  outer.link("head", Linear(5));
  CHECK(printed(outer) ==
        "Chain\n"
        "mlp: Chain\n"
        "mlp/l1: Linear  W float32(3, 4), b float32(3)  15\n"
        "mlp/l2: Linear  W float32(2, 3)  6\n"
        "head: Linear  W uninitialised, b float32(5)  5\n"
        "total 26");
}

TEST_CASE("data of another shape drops the gradient that no longer fits") {
  Variable x(Array{1.f, 2.f});
  x.set_grad(Array{1.f, 1.f});
  x.set_data(Array{3.f, 4.f});
  CHECK(x.grad());
  x.set_data(Array{3.f, 4.f, 5.f});
  CHECK_FALSE(x.grad());
}

TEST_CASE("a model computes on the device that it was moved to, and comes back") {
  on_every_device([](Device device) {
    random::seed(4);
    Nested model;
    const Array x = uniform({3, 4}).astype(Dtype::float32);
    const auto expected = values(model(x).data());
    const auto before = values(model.body.l1.W.data());
    model.to(device);
    for (const auto& [path, array] : model.state_arrays()) CHECK(array.device() == device);
    CHECK(&model.tied.W.data() == &model.body.l1.W.data());
    Variable y = model(x.to(device));
    check_close(values(y.data()), expected, 1e-6, 1e-5);
    y.set_grad(Array::ones({3, 2}, Dtype::float32, device));
    y.backward();
    const auto gradient = values(model.body.l1.W.grad());
    model.to(Device::cpu());
    CHECK(model.body.l1.W.device() == Device::cpu());
    CHECK(model.body.l1.W.grad().device() == Device::cpu());
    CHECK(values(model.body.l1.W.data()) == before);
    CHECK(values(model.body.l1.W.grad()) == gradient);
  });
}

TEST_CASE("a copy of a model is on the model's device, and independent") {
  on_every_device([](Device device) {
    MLP model;
    model.to(device);
    const auto before = values(model.l1.W.data());
    MLP other = copy(model);
    CHECK(other.l1.W.device() == device);
    CHECK(values(other.l1.W.data()) == before);
    Array W = other.l1.W.data();
    W.fill(1);
    CHECK(values(other.l1.W.data()) == std::vector<double>(12, 1));
    CHECK(values(model.l1.W.data()) == before);
  });
}

TEST_CASE("copyparams copies between devices, into place") {
  on_every_device([](Device device) {
    for (const bool to_device : {true, false}) {
      MLP from, to;
      (to_device ? to : from).to(device);
      const Array W = to.l1.W.data();
      to.copyparams(from);
      CHECK(W.device() == (to_device ? device : Device::cpu()));
      CHECK(W.shares_memory_with(to.l1.W.data()));
      CHECK(values(W) == values(from.l1.W.data()));
    }
    // What is uninitialised joins the parameter that is not.
    Linear lazy(3), full(4, 3);
    full.to(device);
    lazy.copyparams(full);
    CHECK(lazy.W.device() == Device::cpu());
    CHECK(values(lazy.W.data()) == values(full.W.data()));
  });
}

TEST_CASE("cleargrads forgets gradients on a device") {
  on_every_device([](Device device) {
    MLP model;
    model.to(device);
    Variable y = model(Array::ones({1, 4}, Dtype::float32, device));
    y.set_grad(Array::ones({1, 2}, Dtype::float32, device));
    y.backward();
    CHECK(model.l1.W.grad());
    model.cleargrads();
    for (const Parameter& parameter : model.params()) CHECK_FALSE(parameter.grad());
  });
}
