// Groups of parameters, frozen parameters, hyperparameters by name.
#include "tenbin/cuda/captured_step.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/ada_delta.h"
#include "tenbin/optimizers/ada_grad.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/optimizers/momentum_sgd.h"
#include "tenbin/optimizers/nesterov_ag.h"
#include "tenbin/optimizers/optimizer_hooks.h"
#include "tenbin/optimizers/rmsprop.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/memory_use.h"
#include "tenbin/tests/optimizers/optimizer_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Values = std::vector<double>;

struct Net : Chain {
  Linear body = link("body", Linear(4, 6));
  Linear head = link("head", Linear(6, 3));
  Variable operator()(const Variable& x) const { return head(relu(body(x))); }
};

Array inputs() { return random::Generator(1).normal({6, 4}); }
Array targets() { return Array({0, 1, 2, 0, 0, 1}, Dtype::int64); }

void set_gradients(const Net& net, const Array& x, const Array& t) {
  Variable loss = softmax_cross_entropy(net(x), t);
  net.cleargrads();
  loss.backward();
}

void set_gradients(const Net& net) {
  const Device device = net.body.W.device();
  set_gradients(net, inputs().to(device), targets().to(device));
}

void train(const Net& net, Optimizer& optimizer, int steps) {
  for (int i = 0; i < steps; ++i) {
    set_gradients(net);
    optimizer.update();
  }
}

// Of all parameters and states, by path.
std::vector<Values> everything(const Link& model, Optimizer& optimizer) {
  std::vector<Values> all;
  for (const auto& [path, array] : model.state_arrays()) all.push_back(values(array));
  for (const auto& [path, array] : optimizer.state_arrays()) all.push_back(values(array));
  return all;
}

Values state_at(Optimizer& optimizer, const std::string& key) {
  for (const auto& [path, array] : optimizer.save_state())
    if (path == key) return values(array);
  throw Error("test: no state ", key);
}

// One parameter w = 1 with gradient 1, per path.
struct Ones : Chain {
  std::vector<Parameter> all;
  explicit Ones(const std::vector<std::string>& names, Device device = {}) {
    for (const std::string& name : names) all.push_back(param(name, Array{1.0}.to(device)));
    set_gradients();
  }
  void set_gradients() {
    for (Parameter& p : all) p.set_grad(Array{1.0}.to(p.device()));
  }
  Values now() const {
    Values w;
    for (const Parameter& p : all) w.push_back(values(p.data())[0]);
    return w;
  }
};

}  // namespace

TEST_CASE("a pattern matches a whole path") {
  struct Row {
    const char *pattern, *path;
    bool matches;
  };
  for (const Row& row : {Row{"*", "body/l1/W", true},
                         {"*", "", true},
                         {"", "", true},
                         {"", "W", false},
                         {"W", "W", true},
                         {"W", "l1/W", false},
                         {"*/W", "W", false},
                         {"*/W", "body/l1/W", true},
                         {"*/W", "body/l1/Wx", false},
                         {"body/*", "body/l1/W", true},
                         {"body/*/W", "body/l1/W", true},
                         {"body/*/W", "body/W", false},
                         {"body*W", "body/W", true},
                         {"l?/W", "l1/W", true},
                         {"l?/W", "l/W", false},
                         {"l?W", "l/W", true},
                         {"l1", "l", false},
                         {"*a*b", "xaxbxab", true},
                         {"*a*b", "xaxbxa", false},
                         {"**", "x", true},
                         {"?", "", false}}) {
    CAPTURE(row.pattern, row.path);
    CHECK(path_matches(row.pattern, row.path) == row.matches);
  }
  // No time that grows exponentially with the number of stars.
  CHECK_FALSE(path_matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a')));
}

TEST_CASE("a group has options and hooks of its own, and the optimizer's other options", "[gpu]") {
  on_every_device([](Device device) {
    Ones model({"W", "b"}, device);
    MomentumSGD optimizer({.lr = 0.5, .momentum = 0.25});
    MomentumSGD& biases = optimizer.group("b", {.lr = 0.125});
    CHECK(biases.hyperparam.momentum == 0.25);
    optimizer.setup(model);
    optimizer.update();
    CHECK(model.now() == Values{0.5, 0.875});
    model.set_gradients();
    optimizer.update();
    CHECK(model.now() == Values{0.5 - 0.125 - 0.5, 0.875 - 0.03125 - 0.125});
    CHECK(optimizer.t() == 2);
    CHECK(biases.t() == 2);

    biases.hyperparam.lr = 0;
    biases.hyperparam.momentum = 0;
    optimizer.hyperparam.momentum = 0;
    biases.add_hook(WeightDecay(2));
    const Values before = model.now();
    model.set_gradients();
    optimizer.update();
    CHECK(model.now() == Values{before[0] - 0.5, before[1]});
    CHECK(values(model.all[0].grad()) == Values{1});
    CHECK(values(model.all[1].grad()) == Values{1 + 2 * before[1]});
    CHECK(optimizer.groups() == std::vector<Optimizer*>{&biases});
    CHECK(biases.pattern() == "b");
  });
}

TEST_CASE("every rule has groups, whose options are those of the optimizer where they are not given") {
  const auto check = [](auto optimizer, auto other) {
    CAPTURE(optimizer->name());
    auto& group = optimizer->group("b");
    Values expected, actual;
    for (const Hyperparameter& each : optimizer->hyperparameters())
      expected.push_back(std::visit([](auto* place) { return static_cast<double>(*place); }, each.value));
    for (const Hyperparameter& each : group.hyperparameters())
      actual.push_back(std::visit([](auto* place) { return static_cast<double>(*place); }, each.value));
    CHECK(actual == expected);

    // The same bits as without groups, also of the state.
    Ones with({"W", "b"}), without({"W", "b"});
    optimizer->setup(with);
    other->setup(without);
    for (int t = 0; t < 3; ++t) {
      with.set_gradients();
      without.set_gradients();
      optimizer->update();
      other->update();
    }
    CHECK(everything(with, *optimizer) == everything(without, *other));
  };
  const auto check_rule_of = [&](auto make) { check(make(), make()); };
  check_rule_of([] { return std::make_unique<SGD>(SGDOptions{.lr = 0.3}); });
  check_rule_of([] { return std::make_unique<MomentumSGD>(MomentumSGDOptions{.lr = 0.3, .momentum = 0.2}); });
  check_rule_of([] { return std::make_unique<NesterovAG>(NesterovAGOptions{.lr = 0.3, .momentum = 0.2}); });
  check_rule_of([] { return std::make_unique<AdaGrad>(AdaGradOptions{.lr = 0.3, .eps = 0.2}); });
  check_rule_of([] { return std::make_unique<AdaDelta>(AdaDeltaOptions{.rho = 0.3, .eps = 0.2}); });
  check_rule_of([] {
    return std::make_unique<RMSprop>(
        RMSpropOptions{.lr = 0.3, .alpha = 0.2, .eps = 0.1, .eps_inside_sqrt = true});
  });
  const AdamOptions options{.alpha = 0.3,
                            .beta1 = 0.2,
                            .beta2 = 0.1,
                            .eps = 0.4,
                            .eta = 0.5,
                            .weight_decay_rate = 0.6,
                            .amsgrad = true,
                            .adabound = true,
                            .final_lr = 0.7,
                            .gamma = 0.8};
  check_rule_of([&] { return std::make_unique<Adam>(options); });
  check_rule_of([&] { return std::make_unique<AdamW>(AdamOptions{.alpha = 0.3, .weight_decay_rate = 0.1}); });
  check_rule_of([&] { return std::make_unique<AMSGrad>(AdamOptions{.alpha = 0.3}); });
  check_rule_of([&] {
    auto bounded = std::make_unique<AdaBound>(AdamOptions{.alpha = 0.3});
    bounded->hyperparam.alpha = 0.1;  // the initial alpha is another one
    return bounded;
  });

  Adam adam(options);
  const AdamGroupOptions all{.alpha = 1,
                             .beta1 = 2,
                             .beta2 = 3,
                             .eps = 4,
                             .eta = 5,
                             .weight_decay_rate = 0,
                             .amsgrad = false,
                             .adabound = false,
                             .final_lr = 6,
                             .gamma = 7};
  const AdamOptions& given = adam.group("W", all).hyperparam;
  CHECK(Values{given.alpha, given.beta1, given.beta2, given.eps, given.eta, given.weight_decay_rate,
               given.final_lr, given.gamma} == Values{1, 2, 3, 4, 5, 0, 6, 7});
  CHECK_FALSE(given.amsgrad);
  CHECK_FALSE(given.adabound);
  RMSprop rmsprop;
  const RMSpropOptions& of_rmsprop =
      rmsprop.group("W", {.lr = 1, .alpha = 2, .eps = 3, .eps_inside_sqrt = true}).hyperparam;
  CHECK(Values{of_rmsprop.lr, of_rmsprop.alpha, of_rmsprop.eps} == Values{1, 2, 3});
  CHECK(of_rmsprop.eps_inside_sqrt);
}

TEST_CASE("a parameter belongs to the last added group that matches it, a shared one by any of its paths") {
  Ones model({"a", "b", "c"});
  SGD optimizer({.lr = 1});
  optimizer.group("?", {.lr = 2});
  optimizer.group("b", {.lr = 3});
  optimizer.setup(model);
  optimizer.update();
  CHECK(model.now() == Values{-1, -2, -1});

  for (const char* pattern : {"a", "z"}) {
    Chain shared;
    Parameter w = shared.param("a", Array{1.0});
    shared.param("z", w);
    SGD of_shared({.lr = 1});
    of_shared.group(pattern, {.lr = 5});
    of_shared.setup(shared);
    w.set_grad(Array{1.0});
    of_shared.update();
    CHECK(w.data().item() == -4);
  }
}

TEST_CASE("a group without parameters is an error that names the paths") {
  Net net;
  const std::string none =
      "Adam: group '*/bias' matches no parameter; there are body/W, body/b, head/W, head/b";
  {
    Adam optimizer;
    optimizer.group("*/bias");
    CHECK_THROWS_WITH(optimizer.setup(net), none);
    CHECK_THROWS_WITH(optimizer.update(), "Adam: update before setup");
  }
  Adam optimizer;
  optimizer.setup(net);
  CHECK_THROWS_WITH(optimizer.group("*/bias"), none);
  CHECK(optimizer.groups().empty());
  optimizer.group("body/b");
  CHECK_THROWS_WITH(optimizer.group("body/b"), "Adam: there is a group 'body/b' already");
  CHECK_THROWS_WITH(optimizer.group("body/*"),
                    "Adam: group 'body/b' has no parameters: groups that were added later match body/b");
  CHECK_THROWS_WITH(optimizer.group(""), "Adam: group: the pattern is empty");
  CHECK(optimizer.groups().size() == 1);
  train(net, optimizer, 1);

  Chain many;
  for (int i = 0; i < 10; ++i) many.param("p" + std::to_string(i), Array{1.f});
  SGD of_many;
  of_many.group("q");
  CHECK_THROWS_WITH(
      of_many.setup(many),
      "SGD: group 'q' matches no parameter; there are p0, p1, p2, p3, p4, p5, p6, p7 and 2 more");
}

TEST_CASE("what the optimizer does is an error of a group") {
  Net net;
  AdamW optimizer;
  Adam& group = optimizer.group("*/b");
  const auto text = [](const std::string& call) {
    return "AdamW: group '*/b': " + call + ": call it of the optimizer, not of a group";
  };
  CHECK_THROWS_WITH(group.setup(net), text("setup"));
  CHECK_THROWS_WITH(group.update(), text("update"));
  CHECK_THROWS_WITH(group.group("body/b"), text("group"));
  CHECK_THROWS_WITH(group.state_arrays(), text("state_arrays"));
  CHECK_THROWS_WITH(group.save_state(), text("save_state"));
  CHECK_THROWS_WITH(load_npz(TENBIN_TEST_DATA "/serializers/adam_8_16_3.npz", group), text("load_npz"));
  group.add_hook(WeightDecay(0));
  CHECK_THROWS_WITH(group.add_hook(WeightDecay(0)),
                    "AdamW: group '*/b': there is a hook 'WeightDecay' already");
  optimizer.add_hook(WeightDecay(0));  // the optimizer's hooks have names of their own
  optimizer.setup(net);
  group.hyperparam.beta1 = 2;
  CHECK_THROWS_WITH(optimizer.update(), "AdamW: group '*/b': beta1 must be in [0, 1), got 2");
  CHECK(optimizer.t() == 0);
}

TEST_CASE("hooks of the optimizer get all groups and run first, those of a group its gradients alone",
          "[gpu]") {
  on_every_device([](Device device) {
    const auto gradients = [&](double all, double of_group) {
      Ones model({"a", "b", "c"}, device);
      model.all[0].set_grad(Array{3.0}.to(device));
      model.all[1].set_grad(Array{0.0}.to(device));
      model.all[2].set_grad(Array{4.0}.to(device));
      SGD optimizer({.lr = 0});
      SGD& group = optimizer.group("c");
      group.add_hook(GradientClipping(of_group));
      optimizer.add_hook(GradientClipping(all));
      optimizer.setup(model);
      optimizer.update();
      return Values{values(model.all[0].grad())[0], values(model.all[2].grad())[0]};
    };
    CHECK(gradients(10, 10) == Values{3, 4});
    CHECK(gradients(2.5, 10) == Values{1.5, 2});  // the norm of all is 5
    CHECK(gradients(10, 1) == Values{3, 1});      // that of the group is 4
    CHECK(gradients(2.5, 1) == Values{1.5, 1});   // first 2, then 1
  });
}

TEST_CASE("a group may be added after setup, and the state is kept", "[gpu]") {
  on_every_device([](Device device) {
    random::seed(1);
    Net net;
    net.to(device);
    Net other = copy(net);
    Adam optimizer({.alpha = 0.1}), without({.alpha = 0.1});
    optimizer.setup(net);
    without.setup(other);
    train(net, optimizer, 2);
    train(other, without, 2);
    const auto before = everything(net, optimizer);
    optimizer.group("*/b");
    CHECK(everything(net, optimizer) == before);
    optimizer.group("head/*");
    train(net, optimizer, 2);
    train(other, without, 2);
    CHECK(everything(net, optimizer) == everything(other, without));
    // Parameters are moved together by groups: body/W; body/b; head/W, head/b.
    CHECK_FALSE(net.body.W.data().shares_memory_with(net.body.b.data()));
    CHECK(net.head.W.data().shares_memory_with(net.head.b.data()));
  });
  Ones model({"a", "b"});  // a rule without a state
  SGD sgd({.lr = 1});
  sgd.setup(model);
  sgd.group("b", {.lr = 2});
  sgd.update();
  CHECK(model.now() == Values{0, -1});
}

TEST_CASE("a new layer, and one that is sized later, go to the group that matches") {
  struct Model : Chain {
    Linear l = link("l", Linear(1, {.initialW = Constant(1)}));
  } model;
  SGD optimizer({.lr = 1});
  optimizer.group("l/W", {.lr = 0});
  optimizer.setup(model);
  const auto step = [&] {
    Variable y = model.l(Array{{2.f, 3.f}});
    model.cleargrads();
    y.backward();
    optimizer.update();
  };
  step();
  CHECK(values(model.l.W.data()) == Values{1, 1});
  CHECK(values(model.l.b.data()) == Values{-1});
  model.l = Linear(2, 1, {.initialW = Constant(5)});
  step();
  CHECK(values(model.l.W.data()) == Values{5, 5});
  CHECK(values(model.l.b.data()) == Values{-1});
}

TEST_CASE("with groups and frozen parameters, a training step allocates nothing") {
  Net net;
  Adam optimizer({.alpha = 0.01});
  optimizer.group("*/b").add_hook(WeightDecay(1e-4));
  optimizer.add_hook(GradientClipping(1));
  net.body.W.disable_update();
  optimizer.setup(net);
  const Array x = inputs(), t = targets();
  const auto run = [&](int steps) {
    for (int i = 0; i < steps; ++i) {
      set_gradients(net, x, t);
      optimizer.update();
      optimizer.set_learning_rate(0.9 * optimizer.learning_rate());
      optimizer.hyperparameter("weight_decay_rate") = 1e-5;
    }
  };
  run(3);
  const std::size_t from_system = memory::stats().system_allocations;
  const std::size_t from_heap = allocation_count();
  run(10);
  CHECK(memory::stats().system_allocations == from_system);
  CHECK(allocation_count() == from_heap);
}

TEST_CASE("the hyperparameters of groups are in the file, and training resumes with the same bits", "[gpu]") {
  const ScratchDirectory directory;
  const std::string model_file = directory / "model.npz", file = directory / "state.npz";
  on_every_device([&](Device device) {
    Net net;
    net.to(device);
    Adam optimizer({.alpha = 0.1});
    optimizer.group("*/b", {.amsgrad = true});  // it has one more state
    optimizer.setup(net);
    net.body.W.disable_update();
    train(net, optimizer, 2);
    optimizer.groups()[0]->set_learning_rate(0.025);
    save_npz(model_file, net);
    save_npz(file, optimizer);
    CHECK(state_at(optimizer, "group/0/hyperparam/alpha") == Values{0.025});
    CHECK(state_at(optimizer, "group/0/pattern") == Values{'*', '/', 'b'});
    CHECK(state_at(optimizer, "head/b/vhat").size() == 3);
    CHECK(state_at(optimizer, "body/W/m") == Values(24, 0));

    Net other;
    other.to(device);
    Adam resumed;
    Adam& group = resumed.group("*/b");
    resumed.setup(other);
    load_npz(model_file, other);
    const LoadReport report = load_npz(file, resumed);
    CHECK(report.loaded_keys.size() == NpzReader(file).keys().size());
    CHECK(report.missing_keys.empty());
    CHECK(group.hyperparam.alpha == 0.025);
    CHECK(group.hyperparam.amsgrad);
    CHECK(resumed.hyperparam.alpha == 0.1);
    CHECK(group.t() == 2);
    CHECK_FALSE(other.body.W.update_enabled());
    train(net, optimizer, 2);
    train(other, resumed, 2);
    CHECK(everything(net, optimizer) == everything(other, resumed));
  });
}

TEST_CASE("a file of other groups is refused, and nothing changes") {
  const ScratchDirectory directory;
  const std::string file = directory / "state.npz";
  Net net;
  const auto save_with = [&](const std::vector<std::string>& patterns) {
    MomentumSGD optimizer;
    for (const std::string& pattern : patterns) optimizer.group(pattern);
    optimizer.setup(net);
    save_npz(file, optimizer);
  };
  const auto load_with = [&](const std::vector<std::string>& patterns) {
    MomentumSGD optimizer({.lr = 0.5});
    for (const std::string& pattern : patterns) optimizer.group(pattern);
    optimizer.setup(net);
    try {
      load_npz(file, optimizer);
    } catch (const Error& error) {
      CHECK(optimizer.hyperparam.lr == 0.5);
      return std::string(error.what());
    }
    return std::string();
  };
  const auto refused = [&](const std::string& groups) {
    return file + ": group: expected the groups " + groups +
           ": add the groups of the file before loading, others afterwards";
  };
  save_with({"*/b", "head/W"});
  CHECK(load_with({"*/b", "head/W"}).empty());
  CHECK(load_with({}) == refused("none, got '*/b', 'head/W'"));
  CHECK(load_with({"*/b"}) == refused("'*/b', got '*/b', 'head/W'"));
  CHECK(load_with({"head/W", "*/b"}) == refused("'head/W', '*/b', got '*/b', 'head/W'"));
  save_with({});
  CHECK(load_with({}).empty());
  CHECK(load_with({"*/b"}) == refused("'*/b', got none"));

  // A file by Chainer, which knows neither rule nor groups.
  struct Predictor : Chain {
    Linear l1 = link("l1", Linear(8, 16)), l2 = link("l2", Linear(16, 16)), l3 = link("l3", Linear(16, 3));
  } predictor;
  Adam optimizer({.alpha = 0.5});
  Adam& group = optimizer.group("*/b", {.alpha = 0.25});
  optimizer.setup(predictor);
  const LoadReport report = load_npz(TENBIN_TEST_DATA "/serializers/adam_8_16_3.npz", optimizer,
                                     {.path = "predictor/", .strict = false});
  CHECK(report.loaded_keys.size() == 6 * 3);
  CHECK(report.missing_keys.size() == 1 + 11 + 11 + 2);
  CHECK(group.hyperparam.alpha == 0.25);
}

TEST_CASE("a captured step follows the hyperparameters of groups, and detects other changes", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const auto run = [&](bool is_captured) {
      random::seed(3);
      Net net;
      net.to(device);
      Adam optimizer({.alpha = 0.1});
      Adam& group = optimizer.group("*/b", {.alpha = 0.05});
      group.add_hook(WeightDecay(0.1));
      optimizer.setup(net);
      CapturedStep step(
          [&](const Array& x, const Array& t) {
            set_gradients(net, x, t);
            optimizer.update();
            return x;
          },
          {.warmup = is_captured ? std::size_t{1} : std::size_t{100}});
      const Array x = inputs().to(device), t = targets().to(device);
      for (int i = 0; i < 5; ++i) {
        step(x, t);
        group.set_learning_rate(0.5 * group.learning_rate());
        optimizer.hyperparameter("alpha") *= 0.5;
      }
      CHECK(step.is_captured() == is_captured);
      const auto all = everything(net, optimizer);
      if (!is_captured) return all;
      const std::string after = " since the step was captured; make a new CapturedStep";
      net.body.disable_update();
      CHECK_THROWS_WITH(step(x, t), "Adam: parameters have been frozen or unfrozen" + after);
      net.body.enable_update();
      group.remove_hook("WeightDecay");
      CHECK_THROWS_WITH(step(x, t), "Adam: hooks have been added or removed" + after);
      optimizer.group("*/W");
      CHECK_THROWS_WITH(step(x, t), "Adam: groups have been added" + after);
      CHECK(everything(net, optimizer) == all);
      return all;
    };
    CHECK(run(true) == run(false));
  });
}

TEST_CASE("a group adds one launch to a captured step", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const auto launches = [&](const std::vector<std::string>& patterns) {
      Ones model({"a", "b", "c", "d"}, device);
      SGD optimizer;
      for (const std::string& pattern : patterns) optimizer.group(pattern);
      optimizer.setup(model);
      CapturedStep step(
          [&](const Array& x) {
            optimizer.update();
            return x;
          },
          {.warmup = 1});
      const Array x = Array::zeros({1}, Dtype::float32, device);
      for (int i = 0; i < 2; ++i) step(x);
      return step.node_count();
    };
    const std::size_t without = launches({});
    CHECK(launches({"a"}) == without + 1);
    CHECK(launches({"?"}) == without);
    CHECK(launches({"a", "c"}) == without + 2);
  });
}

// ---- freezing

TEST_CASE("a frozen parameter is not updated, has no gradient, and keeps its state", "[gpu]") {
  on_every_device([](Device device) {
    random::seed(1);
    Net net;
    net.to(device);
    MomentumSGD optimizer({.lr = 0.1});
    optimizer.setup(net);
    optimizer.add_hook(WeightDecay(0.1));
    train(net, optimizer, 2);

    const Values body = values(net.body.W.data()), head = values(net.head.W.data());
    const Values velocity = state_at(optimizer, "body/W/v");
    CHECK(net.update_enabled());
    net.body.disable_update();
    CHECK_FALSE(net.body.update_enabled());
    CHECK(net.update_enabled());
    train(net, optimizer, 2);
    CHECK(values(net.body.W.data()) == body);
    CHECK_FALSE(net.body.W.grad());
    CHECK(state_at(optimizer, "body/W/v") == velocity);
    CHECK(values(net.head.W.data()) != head);
    CHECK(net.namedparams().size() == 4);
    CHECK(net.count_params() == 30 + 21);

    // The next step starts from that state.
    net.body.enable_update();
    CHECK(net.body.update_enabled());
    set_gradients(net);
    const Values gradient = values(net.body.b.grad());
    Values expected = values(net.body.b.data());
    const Values v = state_at(optimizer, "body/b/v");
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] += 0.9 * v[i] - 0.1 * (gradient[i] + 0.1 * expected[i]);
    optimizer.update();
    check_close(values(net.body.b.data()), expected, 1e-6, 1e-6);
    CHECK(optimizer.t() == 5);
  });
}

TEST_CASE("the others are updated as with an optimizer for them alone") {
  random::seed(1);
  Net net;
  Net other = copy(net);
  Adam optimizer({.alpha = 0.1}), of_head({.alpha = 0.1});
  net.body.disable_update();  // before setup
  optimizer.setup(net);
  of_head.setup(other.head);
  for (Adam* each : {&optimizer, &of_head}) {
    each->add_hook(WeightDecay(0.1));
    each->add_hook(GradientClipping(0.01));
  }
  train(net, optimizer, 3);
  train(other, of_head, 3);
  CHECK(values(net.head.W.data()) == values(other.head.W.data()));
  CHECK(values(net.head.b.data()) == values(other.head.b.data()));
  CHECK(values(net.body.W.data()) == values(other.body.W.data()));
}

TEST_CASE("a model may be frozen as a whole, parameters one by one, and a copy is frozen, too") {
  Net net;
  net.disable_update();
  SGD optimizer;
  optimizer.setup(net);
  const Values before = values(net.body.W.data());
  optimizer.update();
  CHECK(optimizer.t() == 1);
  CHECK(values(net.body.W.data()) == before);
  const Net frozen = copy(net);
  CHECK_FALSE(frozen.update_enabled());
  frozen.body.b.enable_update();
  CHECK(frozen.update_enabled());
  CHECK(frozen.body.b.update_enabled());
  CHECK_FALSE(frozen.body.W.update_enabled());
  CHECK_FALSE(net.update_enabled());
  net.enable_update();
  train(net, optimizer, 1);
  CHECK(values(net.body.W.data()) != before);

  net.body.disable_update();
  net.body = Linear(4, 6);  // a new layer
  CHECK(net.body.update_enabled());
  train(net, optimizer, 1);

  Chain fixed;
  const Parameter mean = fixed.param("mean", Array{1.f}, false);
  fixed.disable_update();
  fixed.enable_update();
  CHECK_FALSE(mean.update_enabled());
  CHECK_FALSE(mean.is_trainable());
  CHECK_THROWS_WITH(Parameter(Array{1.f}).disable_update(),
                    "Parameter::disable_update: variable float32(1) is not registered in a link");
  CHECK_THROWS_WITH(Parameter(Array{1.f}).enable_update(),
                    "Parameter::enable_update: variable float32(1) is not registered in a link");
}

TEST_CASE("a lazily sized parameter that is frozen takes its size, and its values from a file") {
  struct Model : Chain {
    Linear l = link("l", Linear(2));
  } model;
  model.disable_update();
  SGD optimizer;
  optimizer.setup(model);
  const Variable y = model.l(Array::ones({1, 3}));
  CHECK_FALSE(y.requires_grad());
  optimizer.update();
  CHECK(model.l.W.shape() == Shape{2, 3});
  CHECK_FALSE(model.l.W.update_enabled());
  model.enable_update();
  CHECK(model.l.W.requires_grad());
}

TEST_CASE("a file says which parameters are frozen") {
  const ScratchDirectory directory;
  const std::string file = directory / "state.npz";
  Net net;
  Adam optimizer;
  optimizer.setup(net);
  const auto keys_of = [&] { return optimizer.save_state().size(); };
  const std::size_t without = keys_of();
  save_npz(file, optimizer);
  net.body.disable_update();
  CHECK(keys_of() == without + 1);
  CHECK(optimizer.save_state().back().first == "frozen");
  load_npz(file, optimizer);
  CHECK(net.body.W.update_enabled());  // nothing was frozen

  net.head.b.disable_update();
  save_npz(file, optimizer);
  net.head.b.enable_update();
  net.head.W.disable_update();
  const LoadReport report = load_npz(file, optimizer);
  CHECK(report.loaded_keys.size() == NpzReader(file).keys().size());
  CHECK_FALSE(net.head.b.update_enabled());
  CHECK(net.head.W.update_enabled());
  const Values before = values(net.head.b.data());
  train(net, optimizer, 1);
  CHECK(values(net.head.b.data()) == before);

  NamedArrays state = optimizer.save_state();
  const std::string text = "head/b\nhead/c\n";
  state.back().second = Array(std::vector<std::uint8_t>(text.begin(), text.end()));
  save_npz(file, state);
  net.head.b.enable_update();
  CHECK_THROWS_WITH(load_npz(file, optimizer),
                    ContainsSubstring(": frozen: expected parameters of the model, got "));
  CHECK(net.head.b.update_enabled());

  // A file by Chainer, which does not say.
  struct Predictor : Chain {
    Linear l1 = link("l1", Linear(8, 16)), l2 = link("l2", Linear(16, 16)), l3 = link("l3", Linear(16, 3));
  } predictor;
  optimizer.setup(predictor);
  predictor.l1.disable_update();
  load_npz(TENBIN_TEST_DATA "/serializers/adam_8_16_3.npz", optimizer,
           {.path = "predictor/", .strict = false});
  CHECK_FALSE(predictor.l1.update_enabled());
}

// ---- names

TEST_CASE("a hook finds the parameters by their paths") {
  struct ScaleW : OptimizerHook {
    std::string name() const override { return "ScaleW"; }
    void operator()(FlatGroups& groups, std::int64_t) override {
      for (FlatParameters& group : groups)
        for (const FlatParameter& p : group.parameters) {
          seen.push_back(p.path);
          CHECK(p.end - p.begin == element_count(p.shape));
          if (!path_matches("*/W", p.path)) continue;
          Array part = group.grad.slice(p.begin, p.end);
          for (std::size_t i = 0; i < part.size(); ++i) part.data<float>()[i] *= 10;
        }
    }
    std::vector<std::string> seen;
  };
  Net net, plain = copy(net);
  SGD optimizer({.lr = 0});
  optimizer.group("head/*");
  const auto& hook = optimizer.add_hook(ScaleW());
  optimizer.setup(net);
  set_gradients(net);
  set_gradients(plain);
  optimizer.update();
  CHECK(hook.seen == std::vector<std::string>{"body/W", "body/b", "head/W", "head/b"});
  const auto scaled = [](Values g) {
    for (double& x : g) x *= 10;
    return g;
  };
  check_close(values(net.body.W.grad()), scaled(values(plain.body.W.grad())), 1e-6, 1e-6);
  check_close(values(net.head.W.grad()), scaled(values(plain.head.W.grad())), 1e-6, 1e-6);
  CHECK(values(net.body.b.grad()) == values(plain.body.b.grad()));
  CHECK(values(net.head.b.grad()) == values(plain.head.b.grad()));
  net.body.disable_update();
  set_gradients(net);
  optimizer.update();
  CHECK(hook.seen.size() == 6);
}

TEST_CASE("the learning rate and the hyperparameters are read and set by name") {
  const auto check_rate = [](Optimizer&& optimizer, double before, const char* name) {
    CAPTURE(optimizer.name());
    CHECK(optimizer.learning_rate() == before);
    optimizer.set_learning_rate(0.75);
    CHECK(optimizer.learning_rate() == 0.75);
    CHECK(optimizer.hyperparameter(name) == 0.75);
  };
  check_rate(SGD(), 0.01, "lr");
  check_rate(MomentumSGD(), 0.01, "lr");
  check_rate(NesterovAG(), 0.01, "lr");
  check_rate(AdaGrad(), 0.001, "lr");
  check_rate(RMSprop(), 0.01, "lr");
  check_rate(Adam(), 0.001, "alpha");
  check_rate(AdamW({.alpha = 0.5}), 0.5, "alpha");

  AdaDelta without;
  const std::string text = "AdaDelta has no learning rate; its hyperparameters are rho, eps";
  CHECK_THROWS_WITH(without.learning_rate(), text);
  CHECK_THROWS_WITH(without.set_learning_rate(1), text);

  MomentumSGD optimizer;
  optimizer.hyperparameter("momentum") = 0.5;
  CHECK(optimizer.hyperparam.momentum == 0.5);
  CHECK_THROWS_WITH(optimizer.hyperparameter("alpha"),
                    "MomentumSGD: there is no hyperparameter 'alpha'; there are lr, momentum");
  CHECK_THROWS_WITH(Adam().hyperparameter("amsgrad"),
                    "Adam: the hyperparameter 'amsgrad' is a switch, not a number");
  CHECK_THROWS_WITH(optimizer.group("*").hyperparameter("alpha"),
                    "MomentumSGD: group '*': there is no hyperparameter 'alpha'; there are lr, momentum");
}

// ---- members that are not the registered links

namespace {

std::string setup_error(const std::string& path) {
  return "SGD: setup: the member that was registered as '" + path +
         "' of the model (Chain) is another link now, which would not be trained: when it was assigned, the "
         "old link had other handles, so that it is still registered; replace it by relink(\"" +
         path.substr(path.rfind('/') + 1) + "\", ...)";
}

}  // namespace

TEST_CASE("setup refuses a model with a member that was assigned without replacing the registered link") {
  SGD optimizer({.lr = 1});
  Net net;
  SECTION("the old layer has another handle") {
    const Linear old = net.head;
    net.head = Linear(6, 2);
    CHECK_THROWS_WITH(optimizer.setup(net), setup_error("head"));
    net.head = net.relink("head", net.head);
    optimizer.setup(net);
    CHECK(net.namedparams()[2].second.shape() == Shape{2, 6});
  }
  SECTION("the model has another handle, which is complete") {
    Net alias = net;
    net.head = Linear(6, 2);
    net.head = Linear(6, 2);  // twice
    CHECK_THROWS_WITH(optimizer.setup(net), setup_error("head"));
    optimizer.setup(alias);
    SECTION("assigned back") {
      const Linear kept = net.head;
      net.head = alias.head;
      optimizer.setup(net);
    }
    SECTION("moved, copied, assigned") {
      Net moved = std::move(net);
      CHECK_THROWS_WITH(optimizer.setup(moved), setup_error("head"));
      std::vector<Net> models = {moved};
      models.reserve(100);
      CHECK_THROWS_WITH(optimizer.setup(models[0]), setup_error("head"));
      Net assigned;
      assigned = models[0];
      CHECK_THROWS_WITH(optimizer.setup(assigned), setup_error("head"));
      moved = Net();
      optimizer.setup(moved);
    }
  }
  SECTION("inside a member") {
    struct Outer : Chain {
      Net net = link("net", Net());
    } outer;
    const Net old = outer.net;
    outer.net.body = Linear(4, 6);
    CHECK_THROWS_WITH(optimizer.setup(outer), setup_error("net/body"));
    CHECK_THROWS_WITH(optimizer.setup(outer.net), setup_error("body"));
    optimizer.setup(old);
  }
}

TEST_CASE("setup accepts models whose members are the registered links") {
  SGD optimizer;
  Net net;
  SECTION("another handle is assigned") {
    Linear handle = net.head;
    handle = Linear(6, 9);
    optimizer.setup(net);
  }
  SECTION("the address had another model") {
    const Net alias = net;
    std::vector<char> memory(sizeof(Net) + alignof(Net));
    void* place = memory.data();
    std::size_t space = memory.size();
    std::align(alignof(Net), sizeof(Net), place, space);
    for (int i = 0; i < 2; ++i) {
      Net* const here = new (place) Net(alias);
      optimizer.setup(*here);
      here->head = Linear(6, 2);
      CHECK_THROWS_WITH(optimizer.setup(*here), setup_error("head"));
      here->~Net();
    }
  }
  SECTION("a whole model, one that has another handle") {
    const Link handle = net;
    net = Net();
    optimizer.setup(net);
    optimizer.setup(handle);
    const Net alias = net;
    net = alias;
    net = copy(net);
    optimizer.setup(net);
  }
  SECTION("layers that move within the model") {
    struct Blocks : Chain {
      Linear last = link("0", Linear(2, 2));
      std::vector<Linear> all{last};
      Blocks() {
        for (int i = 1; i < 4; ++i) all.push_back(last = link(std::to_string(i), Linear(2, 2)));
      }
    } blocks;
    optimizer.setup(blocks);
    const Blocks alias = blocks;
    std::swap(blocks.all[0], blocks.all[2]);
    blocks.last = blocks.all[1];
    optimizer.setup(blocks);
    Net other;
    std::swap(net, other);
    optimizer.setup(net);
    optimizer.setup(other);
  }
  SECTION("a link that is reached by its name alone") {
    Chain chain;
    chain.link("l", Linear(2, 2));
    optimizer.setup(chain);
  }
}
