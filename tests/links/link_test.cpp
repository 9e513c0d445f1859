#include "tenbin/links/link.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <sstream>

#include "tenbin/functions/activation/relu.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct MLP : Chain {
  Linear l1 = link("l1", Linear(4, 3));
  Linear l2 = link("l2", Linear(3, 2, {.nobias = true}));
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

// Nested, with a vector of links, a shared link, and a parameter that is not trained.
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
  CHECK(model.params().size() == 10);  // tied parameters once
  CHECK(model.count_params() == 1 + 15 + 6 + 3 * 6);
  CHECK(model.body.l1.W.name() == "W");
}

TEST_CASE("a link's state includes parameters that are not trained, and shares memory") {
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

TEST_CASE("a later registration inside a link is visible from outside") {
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

TEST_CASE("a copy has no gradients and no graph") {
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

TEST_CASE("cleargrads clears every gradient") {
  Nested model;
  Variable y = model(Array::ones({1, 4}));
  y.set_grad(Array::ones({1, 2}));
  y.backward();
  CHECK(model.blocks[1].W.grad());
  model.cleargrads();
  for (const Parameter& parameter : model.params()) CHECK_FALSE(parameter.grad());
}

TEST_CASE("copyparams copies all values in place, or none") {
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

TEST_CASE("copyparams initialises uninitialised parameters, but does not copy from them") {
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
  MLP frozen;
  frozen.l1.W.disable_update();
  CHECK(printed(frozen) ==
        "Chain\n"
        "l1: Linear  W float32(3, 4) frozen, b float32(3)  15\n"
        "l2: Linear  W float32(2, 3)  6\n"
        "total 21");
}

TEST_CASE("data of another shape drops the gradient that no longer fits") {
  Variable x(Array{1.f, 2.f});
  x.set_grad(Array{1.f, 1.f});
  x.set_data(Array{3.f, 4.f});
  CHECK(x.grad());
  x.set_data(Array{3.f, 4.f, 5.f});
  CHECK_FALSE(x.grad());
}

TEST_CASE("a model computes on the device that it was moved to, and moves back", "[gpu]") {
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

TEST_CASE("a copy of a model is on the model's device, and independent", "[gpu]") {
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

TEST_CASE("copyparams copies between devices, into place", "[gpu]") {
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
    // Uninitialised parameters are created on the device of the initialised ones.
    Linear lazy(3), full(4, 3);
    full.to(device);
    lazy.copyparams(full);
    CHECK(lazy.W.device() == Device::cpu());
    CHECK(values(lazy.W.data()) == values(full.W.data()));
  });
}

TEST_CASE("cleargrads clears gradients on a device", "[gpu]") {
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

// ---- registration

namespace {

struct Net : Chain {
  Linear l1 = link("l1", Linear(4, 6));
  Linear out = link("out", Linear(6, 3));
  Linear last = link("last", Linear(3, 1));
  Parameter scale = param("scale", Array{2.f});
};

bool is_same(const Variable& a, const Variable& b) { return &a.data() == &b.data(); }

Parameter parameter_at(const Link& model, const std::string& path) {
  for (const auto& [name, parameter] : model.namedparams())
    if (name == path) return parameter;
  throw Error("test: no parameter ", path);
}

}  // namespace

TEST_CASE("a link that is assigned to a registered member replaces the old one") {
  Net net;
  const std::vector<std::string> before = paths(net.namedparams());
  net.out = Linear(6, 2);
  CHECK(paths(net.namedparams()) == before);  // in the same order
  CHECK(is_same(parameter_at(net, "out/W"), net.out.W));
  CHECK(net.out.W.shape() == Shape{2, 6});

  const Linear other(6, 5);
  net.out = other;
  CHECK(is_same(parameter_at(net, "out/W"), other.W));

  const Net best = copy(net);
  CHECK(best.out.W.shape() == Shape{5, 6});
  CHECK(is_same(parameter_at(best, "out/W"), best.out.W));

  net.last = net.out;  // tied
  CHECK(is_same(parameter_at(net, "last/W"), net.out.W));
  CHECK(net.params().size() == 1 + 2 + 2);
}

TEST_CASE("a layer registered in another model replaces the old one, by any assignment") {
  const auto other_model = [] {
    Net net;
    net.out = Linear(6, 5);
    return net;
  };
  const auto check_taken = [](const Net& net) {
    CHECK(net.out.W.shape() == Shape{5, 6});
    CHECK(is_same(parameter_at(net, "out/W"), net.out.W));
    CHECK_FALSE(is_same(parameter_at(copy(net), "out/b"), net.out.b));
  };
  Net net;
  SECTION("of a temporary model") {
    net.out = other_model().out;
    check_taken(net);
    net.out = Linear(6, 2);  // and can be replaced like any other
    CHECK(is_same(parameter_at(net, "out/W"), net.out.W));
  }
  SECTION("moved") {
    Net other = other_model();
    net.out = std::move(other.out);
    check_taken(net);
    CHECK(is_same(parameter_at(other, "out/W"), net.out.W));  // registered there still
  }
  SECTION("copied") {
    const Net other = other_model();
    net.out = other.out;
    check_taken(net);
    CHECK(is_same(other.out.W, net.out.W));
  }
  SECTION("while an optimizer has the models") {
    SGD optimizer, optimizer_of_other;
    Net other = other_model();
    optimizer.setup(net);
    optimizer_of_other.setup(other);
    net.out = std::move(other.out);
    check_taken(net);
  }
  SECTION("a link of links") {
    struct Outer : Chain {
      Net body = link("body", Net());
    };
    Outer outer;
    outer.body = Outer().body;
    CHECK(is_same(parameter_at(outer, "body/out/W"), outer.body.out.W));
    outer.body.out = other_model().out;
    CHECK(is_same(parameter_at(outer, "body/out/W"), outer.body.out.W));
  }
  SECTION("a parameter") {
    const auto check_same = [&] {
      CHECK(is_same(parameter_at(net, "scale"), net.scale));
      CHECK(is_same(parameter_at(net, "out/W"), net.out.W));
    };
    net.scale = Net().scale;
    net.out.W = other_model().out.W;
    CHECK(net.out.W.shape() == Shape{5, 6});
    check_same();
    Net other;
    net.scale = std::move(other.scale);
    check_same();
    const Net third;
    net.scale = third.scale;
    net.out.W = third.out.W;
    check_same();
  }
}

TEST_CASE("layers and models that are swapped in a vector keep their names") {
  std::vector<Net> models(4);
  std::vector<SGD> optimizers(4);
  SECTION("with optimizers") {
    for (std::size_t i = 0; i < 4; ++i) optimizers[i].setup(models[i]);
  }
  SECTION("without") {}
  SECTION("with a link that has them") {
    Chain all;
    for (std::size_t i = 0; i < 4; ++i) all.link(std::to_string(i), models[i]);
    models.erase(models.begin() + 1);
    CHECK(is_same(parameter_at(all, "2/out/W"), models[1].out.W));
    CHECK_FALSE(is_same(parameter_at(all, "1/out/W"), models[1].out.W));
    CHECK_FALSE(is_same(parameter_at(all, "1/scale"), models[1].scale));
  }
  const auto check_whole = [&] {
    for (const Net& model : models) {
      CHECK(is_same(parameter_at(model, "out/W"), model.out.W));
      CHECK(is_same(parameter_at(model, "scale"), model.scale));
    }
  };
  models.erase(models.begin());
  check_whole();
  models.insert(models.begin() + 1, Net());
  check_whole();
  std::swap(models[0], models[2]);
  check_whole();
  std::sort(models.begin(), models.end(),
            [](const Net& a, const Net& b) { return &a.out.W.data() > &b.out.W.data(); });
  check_whole();

  Chain chain;
  std::vector<Linear> layers;
  for (std::size_t i = 0; i < 4; ++i) layers.push_back(chain.link(std::to_string(i), Linear(2, 2 + i)));
  layers.erase(layers.begin());
  layers.insert(layers.begin(), Linear(2, 9));
  std::sort(layers.begin(), layers.end(),
            [](const Linear& a, const Linear& b) { return a.W.size() > b.W.size(); });
  std::swap(layers[0], layers[1]);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(parameter_at(chain, std::to_string(i) + "/W").shape() == Shape{2 + i, 2});
}

TEST_CASE("an assignment that replaces nothing") {
  SECTION("a link that is registered nowhere") {
    Linear free(2, 3);
    free = Linear(2, 4);
    CHECK(free.W.shape() == Shape{4, 2});
  }
  SECTION("to itself, or of another handle of it") {
    Net net;
    const Variable W = net.out.W;
    net.out = *&net.out;
    CHECK(is_same(parameter_at(net, "out/W"), W));
    const Linear same = net.out;
    net.out = same;
    CHECK(is_same(parameter_at(net, "out/W"), W));
    CHECK(is_same(net.out.W, W));
  }
  SECTION("there is another handle") {
    Net net;
    Linear handle = net.out;
    handle = Linear(6, 9);
    CHECK(is_same(parameter_at(net, "out/W"), net.out.W));
    const Net alias = net;
    net.out = Linear(6, 2);
    CHECK(is_same(parameter_at(net, "out/W"), alias.out.W));
  }
  SECTION("a variable that is used for one layer after the other") {
    Chain model;
    Linear layer = model.link("l0", Linear(2, 2));
    const Variable first = layer.W;
    layer = model.link("l1", Linear(2, 3));
    layer = model.link("l2", Linear(3, 4));
    CHECK(is_same(parameter_at(model, "l0/W"), first));
    CHECK(parameter_at(model, "l1/W").shape() == Shape{3, 2});
    CHECK(is_same(parameter_at(model, "l2/W"), layer.W));
    Parameter p = model.param("p0", Array{0.f});
    p = model.param("p1", Array{1.f});
    CHECK(parameter_at(model, "p0").data().item() == 0);
    CHECK(is_same(parameter_at(model, "p1"), p));
  }
  SECTION("an element of a vector that moves up") {
    Chain model;
    std::vector<Linear> blocks;
    for (std::size_t i = 0; i < 3; ++i) blocks.push_back(model.link(std::to_string(i), Linear(2, 2 + i)));
    const Variable second = blocks[1].W;
    blocks.erase(blocks.begin());
    CHECK(model.count_params() == 6 + 9 + 12);
    CHECK(is_same(blocks[0].W, second));
    CHECK(is_same(parameter_at(model, "1/W"), second));
  }
  SECTION("two members are swapped") {
    Net net;
    const Variable W = net.l1.W;
    std::swap(net.l1, net.last);
    CHECK(is_same(parameter_at(net, "l1/W"), W));
    CHECK(is_same(net.last.W, W));
  }
  SECTION("a whole model that has another handle, of any type") {
    const auto check_kept = [](const auto& assign) {
      Net net;
      const Link handle = net;
      const Variable W = net.out.W, scale = net.scale;
      assign(net);
      CHECK(is_same(parameter_at(handle, "out/W"), W));
      CHECK(is_same(parameter_at(handle, "scale"), scale));
      CHECK_FALSE(is_same(net.out.W, W));
    };
    check_kept([](Net& net) { net = Net(); });
    Net other;
    check_kept([&](Net& net) { net = std::move(other); });
    Linear layer(2, 2);
    const Link handle = layer;
    const Variable W = layer.W;
    const Linear another(2, 2);
    layer = another;
    CHECK(is_same(parameter_at(handle, "W"), W));
    layer = Linear(2, 3);
    CHECK(is_same(parameter_at(handle, "W"), W));
    CHECK(layer.W.shape() == Shape{3, 2});
  }
  SECTION("a whole model") {
    Net a, b;
    const Variable before = b.out.W;
    a = b;
    CHECK(is_same(a.out.W, before));
    a.out = Linear(6, 2);  // b.out is another handle
    CHECK(is_same(parameter_at(b, "out/W"), before));
  }
}

TEST_CASE("relink replaces a link even if there are other handles") {
  Net net;
  const Net alias = net;
  net.out = net.relink("out", Linear(6, 2));
  CHECK(is_same(parameter_at(net, "out/W"), net.out.W));
  CHECK(parameter_at(alias, "out/W").shape() == Shape{2, 6});
  CHECK(paths(net.namedparams())[3] == "out/W");
  net.out = Linear(6, 4);  // the last handle of the new layer
  CHECK(parameter_at(net, "out/W").shape() == Shape{4, 6});
  CHECK_THROWS_WITH(net.relink("head", Linear(2, 2)), "Chain: there is no link 'head' to replace");
  CHECK_THROWS_WITH(net.relink("scale", Linear(2, 2)), "Chain: there is no link 'scale' to replace");
  CHECK_THROWS_WITH(net.relink("out", net), "Chain: the link 'out' contains the link it is put into");
  Linear gone(2, 2);
  const Linear taken = std::move(gone);
  CHECK_THROWS_WITH(net.relink("out", gone), "Chain: the link 'out' has been moved from");  // NOLINT
  CHECK(parameter_at(net, "out/W").shape() == Shape{4, 6});
}

TEST_CASE("a link cannot be registered inside a link that it contains") {
  Chain outer;
  Chain middle = outer.link("middle", Chain());
  Chain inner = middle.link("inner", Chain());
  inner.param("w", Array{1.f});
  CHECK_THROWS_WITH(inner.link("x", outer), "Chain: the link 'x' contains the link it is put into");
  CHECK_THROWS_WITH(inner.link("x", middle), "Chain: the link 'x' contains the link it is put into");
  CHECK_THROWS_WITH(middle.relink("inner", outer),
                    "Chain: the link 'inner' contains the link it is put into");
  CHECK_THROWS_WITH(middle.relink("inner", middle),
                    "Chain: the link 'inner' contains the link it is put into");
  CHECK(paths(outer.namedparams()) == std::vector<std::string>{"middle/inner/w"});
  CHECK(paths(inner.namedparams()) == std::vector<std::string>{"w"});

  // A link that wraps the old one.
  const auto wrapped = [](const Chain& link) {
    Chain wrapper;
    wrapper.link("x", link);
    return wrapper;
  };
  inner = wrapped(inner);
  inner = wrapped(inner);
  CHECK(paths(inner.namedparams()) == std::vector<std::string>{"x/x/w"});
  CHECK(paths(outer.namedparams()) == std::vector<std::string>{"middle/inner/x/x/w"});
}

TEST_CASE("a link that is registered in several links is replaced in all of them") {
  Linear shared(2, 2);
  Chain a, b;
  a.link("x", shared);
  a.link("y", shared);
  b.link("z", shared);
  shared = Linear(2, 5);
  for (const auto& [model, path] : {std::pair(a, "x/W"), std::pair(a, "y/W"), std::pair(b, "z/W")})
    CHECK(is_same(parameter_at(model, path), shared.W));
}

TEST_CASE("a parameter that is assigned to a registered member replaces the old one") {
  Net net;
  net.scale = Parameter(Array{3.f, 4.f});
  CHECK(is_same(parameter_at(net, "scale"), net.scale));
  CHECK(net.scale.shape() == Shape{2});
  const Parameter other(Array{5.f});
  net.scale = other;
  CHECK(is_same(parameter_at(net, "scale"), other));
  const Net best = copy(net);
  CHECK(is_same(parameter_at(best, "scale"), best.scale));
  CHECK_FALSE(is_same(best.scale, net.scale));

  const Parameter handle = net.scale;
  net.scale = Parameter(Array{6.f});  // `handle` and `other` remain
  CHECK(is_same(parameter_at(net, "scale"), handle));

  Chain model;
  Parameter tied = model.param("a", Array{1.f});
  const Parameter b = model.param("b", Array{2.f});
  tied = b;
  CHECK(is_same(parameter_at(model, "a"), b));
}

TEST_CASE("a copy is changed without the original") {
  Net net;
  Net other = copy(net);
  other.out = Linear(6, 2);
  other.scale = Parameter(Array{7.f});
  CHECK(is_same(parameter_at(other, "out/W"), other.out.W));
  CHECK(parameter_at(other, "scale").data().item() == 7);
  CHECK(is_same(parameter_at(net, "out/W"), net.out.W));
  CHECK(parameter_at(net, "scale").data().item() == 2);
}

TEST_CASE("copying a copy within copy() keeps it") {
  struct Twice : Chain {
    Linear a = link("a", Linear(2, 2));
    std::vector<Linear> more;
    Parameter w = param("w", Array{1.f});
    Twice() = default;
    Twice(const Twice& other) : Chain(other), a(other.a), w(other.w) {
      const Linear first = a;
      const Linear second = first;
      a = second;
      const Parameter again = w;
      w = again;
    }
  };
  Twice model;
  Twice other = copy(model);
  CHECK(is_same(parameter_at(other, "a/W"), other.a.W));
  CHECK(is_same(parameter_at(other, "w"), other.w));
  CHECK_FALSE(is_same(other.a.W, model.a.W));
}

TEST_CASE("copy follows members by value of any kind, and refuses pointers") {
  struct ByValue : Chain {
    std::optional<Linear> o = link("o", Linear(2, 2));
    std::map<std::string, Linear> m = {{"m", link("m", Linear(2, 2))}};
    std::function<Variable(const Variable&)> f = [layer = link("f", Linear(2, 2))](const Variable& x) {
      return layer(x);
    };
  };
  ByValue model;
  ByValue other = copy(model);
  CHECK(is_same(parameter_at(other, "o/W"), other.o->W));
  CHECK(is_same(parameter_at(other, "m/W"), other.m.at("m").W));
  Variable y = other.f(Array::ones({1, 2}));
  y.set_grad(Array::ones({1, 2}));
  y.backward();
  CHECK(parameter_at(other, "f/W").grad());
  CHECK_FALSE(parameter_at(model, "f/W").grad());

  struct ByPointer : Chain {
    Net body = link("body", Net());
    std::shared_ptr<Linear> p = std::make_shared<Linear>(link("p", Linear(2, 2)));
  };
  const ByPointer pointer;
  CHECK_THROWS_WITH(
      copy(pointer),
      "copy: the copy would use the original's link 'p', which a member points to, or which is held "
      "from outside the model: make it a member by value");
  struct Outer : Chain {
    ByPointer inner = link("inner", ByPointer());
  };
  CHECK_THROWS_WITH(copy(Outer()), ContainsSubstring("the original's link 'inner/p'"));
  CHECK(is_same(Net(pointer.body).out.W, pointer.body.out.W));  // plain copies share again
}

TEST_CASE("copy refuses pointers to parameters") {
  struct ByPointer : Chain {
    std::shared_ptr<Parameter> w = std::make_shared<Parameter>(param("w", Array{1.f, 2.f}));
    Parameter v = param("v", Array{3.f});
  };
  const std::string text =
      "' would be the original's: a member points to it, or it is held from outside the model; hold it as a "
      "Parameter by value";
  const ByPointer model;
  CHECK_THROWS_WITH(copy(model), "copy: the parameter 'w" + text);
  struct Outer : Chain {
    Net body = link("body", Net());
    ByPointer inner = link("inner", ByPointer());
  };
  CHECK_THROWS_WITH(copy(Outer()), "copy: the parameter 'inner/w" + text);
  const Outer outer;
  CHECK(is_same(Net(outer.body).scale, outer.body.scale));  // plain copies share again

  struct ByValue : Chain {
    std::optional<Parameter> o = param("o", Array{1.f});
    std::vector<Parameter> v = {param("v0", Array{1.f}), param("v1", Array{2.f})};
    Parameter again = param("again", v[0]);
    ByValue() { param("no member", Array{3.f}); }
  };
  ByValue model_by_value;
  SGD optimizer;
  optimizer.setup(model_by_value);
  const Parameter held = model_by_value.v[1];
  const ByValue other = copy(copy(model_by_value));
  CHECK(is_same(parameter_at(other, "o"), *other.o));
  CHECK(is_same(parameter_at(other, "again"), other.v[0]));
  CHECK(is_same(other.again, other.v[0]));
  CHECK_FALSE(is_same(other.v[1], held));
}

TEST_CASE("copy of a chain without members accepts handles outside") {
  Chain model;
  const Linear layer = model.link("l", Linear(2, 2));
  const Chain other = copy(model);
  CHECK_FALSE(is_same(parameter_at(other, "l/W"), layer.W));
}

TEST_CASE("a link that was moved from may be assigned to, copied, destroyed and tested") {
  Net net;
  const Net taken = std::move(net);
  CHECK(taken);
  CHECK_FALSE(net);  // NOLINT(bugprone-use-after-move): this is the test
  const Net same = net;
  CHECK_FALSE(same);
  CHECK_FALSE(copy(net));
  const auto text = [](const std::string& call) {
    return "Link::" + call + ": the link has been moved from";
  };
  CHECK_THROWS_WITH(net.kind(), text("kind"));
  CHECK_THROWS_WITH(net.param("w"), text("param"));
  CHECK_THROWS_WITH(net.param("w", LazyShape{Dtype::float32, {1}}), text("param"));
  CHECK_THROWS_WITH(net.param("w", Parameter(Array{1.f})), text("param"));
  CHECK_THROWS_WITH(net.link("l", Linear(1, 1)), text("link"));
  CHECK_THROWS_WITH(net.relink("l", Linear(1, 1)), text("relink"));
  CHECK_THROWS_WITH(net.disable_update(), text("disable_update"));
  CHECK_THROWS_WITH(net.enable_update(), text("enable_update"));
  CHECK_THROWS_WITH(net.update_enabled(), text("update_enabled"));
  CHECK_THROWS_WITH(net.params(), text("params"));
  CHECK_THROWS_WITH(net.namedparams(), text("namedparams"));
  CHECK_THROWS_WITH(net.cleargrads(), text("cleargrads"));
  CHECK_THROWS_WITH(net.to(Device::cpu()), text("to"));
  CHECK_THROWS_WITH(net.count_params(), text("count_params"));
  CHECK_THROWS_WITH(net.copyparams(taken), text("copyparams"));
  CHECK_THROWS_WITH(Net().copyparams(net), "Link::copyparams: the source has been moved from");
  CHECK_THROWS_WITH(net.state_arrays(), text("state_arrays"));
  CHECK_THROWS_WITH(net.visit([](const Variable&) {}), text("visit"));
  CHECK_THROWS_WITH(net.visit_named([](const std::string&, const Variable&) {}), text("visit_named"));
  CHECK_THROWS_WITH(printed(net), text("operator<<"));
  CHECK_THROWS_WITH(Net().link("inner", net), "Chain: the link 'inner' has been moved from");
  CHECK_THROWS_WITH(SGD().setup(net), "SGD: setup: the model has been moved from");
  CHECK_THROWS_WITH(load_npz(TENBIN_TEST_DATA "/serializers/mlp_8_16_3.npz", net), text("prepare_load"));
  CHECK_THROWS_WITH(net.l1(Array::ones({1, 4})), "Linear: the link has been moved from");
  net = taken;
  CHECK(is_same(net.out.W, taken.out.W));
}

TEST_CASE("links may be nested as deeply as memory allows, and be many") {
  constexpr std::size_t depth = 100000;
  Chain model;
  model.param("w", Array{1.f});
  for (std::size_t i = 0; i < depth; ++i) {
    Chain outer;
    outer.link("x", model);
    model = outer;
  }
  CHECK(model.count_params() == 1);
  CHECK(model.namedparams()[0].first.size() == 2 * depth + 1);  // x/x/.../w
  const Chain other = copy(model);
  CHECK_FALSE(is_same(other.params()[0], model.params()[0]));
  model.cleargrads();
  model = Chain();
  CHECK(other.count_params() == 1);

  Chain wide;
  for (std::size_t i = 0; i < depth; ++i) wide.link(std::to_string(i), Chain()).param("w", Array{1.f});
  CHECK(wide.count_params() == depth);
  SGD optimizer;
  optimizer.setup(wide);
  optimizer.update();
  CHECK_THROWS_WITH(wide.link("99999", Chain()), "Chain: the name '99999' is taken");
}

// ---- files

TEST_CASE("load_npz initialises lazily sized parameters, and returns a report", "[gpu]") {
  on_every_device([](Device device) {
    struct Lazy : Chain {
      Linear l1 = link("l1", Linear(3));
      Linear l2 = link("l2", Linear(2, {.nobias = true}));
      Linear same = link("same", l2);
    };
    const ScratchDirectory directory;
    const std::string path = directory / "model.npz";
    Lazy saved;
    CHECK_THROWS_WITH(
        save_npz(path, saved),
        path + ": l1/W: the array is empty: a parameter of unknown size is initialised by a forward pass");
    saved.l2(saved.l1(Array::ones({1, 4})));
    save_npz(path, saved);

    Lazy loaded;
    loaded.to(device);
    const LoadReport report = load_npz(path, loaded);
    CHECK(report.loaded_keys == std::vector<std::string>{"l1/W", "l1/b", "l2/W", "same/W"});
    CHECK(report.missing_keys.empty());
    CHECK(report.unexpected_keys.empty());
    CHECK(loaded.l1.W.device() == device);
    CHECK(loaded.l2.W.device() == device);
    CHECK(values(loaded.l1.W.data()) == values(saved.l1.W.data()));
    CHECK(values(loaded.l2.W.data()) == values(saved.l2.W.data()));
    CHECK_FALSE(loaded.l1.W.data().shares_memory_with(loaded.l2.W.data()));
    check_close(values(loaded.l1(Array::ones({1, 4}, Dtype::float32, device)).data()),
                values(saved.l1(Array::ones({1, 4})).data()), 1e-6, 1e-6);
  });
}

TEST_CASE("load_npz checks the known shape of a lazily sized parameter, and changes nothing on an error") {
  const ScratchDirectory directory;
  const std::string path = directory / "model.npz";
  const auto check_refused = [&](const Array& W, const std::string& text) {
    save_npz(path, {{"b", Array::ones({3})}, {"W", W}});
    const Linear lazy(3);
    CHECK_THROWS_WITH(load_npz(path, lazy), path + ": W: " + text);
    CHECK_FALSE(lazy.W.is_initialized());
    CHECK(values(lazy.b.data()) == std::vector<double>(3, 0));
  };
  check_refused(Array::ones({4, 2}), "expected float32(3, ?), got float32(4, 2)");
  check_refused(Array::ones({3}), "expected float32(3, ?), got float32(3)");
  check_refused(Array::ones({3, 2}, Dtype::float64), "expected float32(3, ?), got float64(3, 2)");

  // Nothing is known about this parameter except that it is trained.
  Chain model;
  const Parameter w = model.param("W");
  save_npz(path, {{"W", Array{1, 2}}});
  CHECK_THROWS_WITH(load_npz(path, model), path + ": W: expected float32 or float64, got int32(2)");
  save_npz(path, {{"W", Array{1., 2.}}});
  load_npz(path, model);
  CHECK(values(w.data()) == std::vector<double>{1, 2});

  // One parameter with two names, for which the file has different shapes.
  Chain tied;
  tied.param("V", tied.param("W"));
  save_npz(path, {{"W", Array{1., 2.}}, {"V", Array{1.}}});
  CHECK_THROWS_WITH(load_npz(path, tied), path + ": V: expected float64(2), got float64(1)");
  CHECK_FALSE(tied.params()[0].is_initialized());
}

TEST_CASE("load_npz reports missing and unexpected keys") {
  const ScratchDirectory directory;
  const std::string path = directory / "model.npz";
  const Linear source(2, 3);
  save_npz(path, {{"body/W", source.W.data()}, {"body/old", Array{1.f}}, {"t", Array{1}}});
  Linear model(2, 3);
  const auto b = values(model.b.data());
  const LoadReport report = load_npz(path, model, {.path = "body/", .strict = false});
  CHECK(report.loaded_keys == std::vector<std::string>{"body/W"});
  CHECK(report.missing_keys == std::vector<std::string>{"body/b"});
  CHECK(report.unexpected_keys == std::vector<std::string>{"body/old"});
  CHECK(values(model.W.data()) == values(source.W.data()));
  CHECK(values(model.b.data()) == b);

  CHECK_THROWS_WITH(load_npz(path, model, {.path = "body/"}),
                    path + ": body/b: there is no such key; the file has body/W, body/old, t");
  CHECK_THROWS_WITH(
      load_npz(path, model, {.strict = false}),
      path + ": no requested key is in the file: requested W, b; the file has body/W, body/old, t");
  NamedArrays many;
  for (int i = 0; i < 12; ++i) many.emplace_back("k" + std::to_string(i), Array{1});
  save_npz(path, many);
  CHECK_THROWS_WITH(
      load_npz(path, model),
      path + ": W: there is no such key; the file has k0, k1, k2, k3, k4, k5, k6, k7 and 4 more");
}
