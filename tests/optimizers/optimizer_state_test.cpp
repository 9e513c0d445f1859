// The saved state of an optimizer, and resuming training from it.
#include <cmath>

#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/ada_delta.h"
#include "tenbin/optimizers/ada_grad.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/optimizers/momentum_sgd.h"
#include "tenbin/optimizers/nesterov_ag.h"
#include "tenbin/optimizers/rmsprop.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/optimizers/optimizer_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Files {
  ScratchDirectory directory;
  const std::string model = directory / "model.npz";
  const std::string state = directory / "state.npz";
};

// Both layers take their sizes from the first x.
struct Lazy : Chain {
  Linear l1 = link("l1", Linear(8));
  Linear l2 = link("l2", Linear(3));
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

double train_step(const Lazy& model, Optimizer& optimizer, Device device = {}) {
  const Array x = random::Generator(1).normal({6, 4}).to(device);
  const Array t = Array({0, 1, 2, 0, 0, 1}, Dtype::int64).to(device);
  Variable loss = softmax_cross_entropy(model(x), t);
  model.cleargrads();
  loss.backward();
  optimizer.update();
  return loss.item();
}

std::vector<double> all_values(const Link& model) {
  std::vector<double> all;
  for (const auto& [path, array] : model.state_arrays())
    for (const double value : values(array)) all.push_back(value);
  return all;
}

std::vector<std::string> keys(const NamedArrays& arrays) {
  std::vector<std::string> all;
  for (const auto& [key, array] : arrays) all.push_back(key);
  return all;
}

// Trains, saves, and resumes in another model with another optimizer, `resumed`, whose options are the
// defaults: the result must have the bits of uninterrupted training.
void check_resumes(Optimizer& optimizer, Optimizer& resumed, Device device) {
  CAPTURE(optimizer.name(), device);
  const Files files;
  Lazy model;
  model.to(device);
  optimizer.setup(model);
  for (int i = 0; i < 3; ++i) train_step(model, optimizer, device);
  for (const Hyperparameter& each : optimizer.hyperparameters())  // a schedule
    if (each.name == std::string("lr") || each.name == std::string("alpha"))
      *std::get<double*>(each.value) *= 0.5;
  optimizer.new_epoch();
  save_npz(files.model, model);
  save_npz(files.state, optimizer);

  Lazy other;
  other.to(device);
  resumed.setup(other);
  load_npz(files.model, other);
  const LoadReport report = load_npz(files.state, resumed);
  CHECK(report.loaded_keys.size() == NpzReader(files.state).keys().size());
  CHECK(report.missing_keys.empty());
  CHECK(report.unexpected_keys.empty());
  CHECK(resumed.t() == 3);
  CHECK(resumed.epoch() == 1);
  const NamedArrays before = optimizer.save_state(), after = resumed.save_state();
  REQUIRE(keys(after) == keys(before));
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(values(after[i].second) == values(before[i].second));
  for (int i = 0; i < 3; ++i)
    CHECK(train_step(other, resumed, device) == train_step(model, optimizer, device));
  CHECK(all_values(other) == all_values(model));
}

}  // namespace

TEST_CASE(
    "training resumed from files has the same bits: state, counters, hyperparameters, lazily sized layers",
    "[gpu]") {
  on_every_device([](Device device) {
    const auto check = [&](auto optimizer, auto resumed) { check_resumes(*optimizer, *resumed, device); };
    check(std::make_unique<SGD>(SGDOptions{.lr = 0.1}), std::make_unique<SGD>());
    check(std::make_unique<MomentumSGD>(MomentumSGDOptions{.lr = 0.1, .momentum = 0.7}),
          std::make_unique<MomentumSGD>());
    check(std::make_unique<NesterovAG>(NesterovAGOptions{.lr = 0.1, .momentum = 0.7}),
          std::make_unique<NesterovAG>());
    check(std::make_unique<AdaGrad>(AdaGradOptions{.lr = 0.1, .eps = 1e-3}), std::make_unique<AdaGrad>());
    check(std::make_unique<AdaDelta>(AdaDeltaOptions{.rho = 0.8, .eps = 1e-3}), std::make_unique<AdaDelta>());
    check(std::make_unique<RMSprop>(
              RMSpropOptions{.lr = 0.1, .alpha = 0.8, .eps = 1e-3, .eps_inside_sqrt = true}),
          std::make_unique<RMSprop>());
    const AdamOptions options{.alpha = 0.1,
                              .beta1 = 0.8,
                              .beta2 = 0.95,
                              .eps = 1e-3,
                              .eta = 0.5,
                              .weight_decay_rate = 0.01,
                              .final_lr = 0.05,
                              .gamma = 0.1};
    check(std::make_unique<Adam>(options), std::make_unique<Adam>());
    check(std::make_unique<AdamW>(options), std::make_unique<AdamW>());
    check(std::make_unique<AMSGrad>(options), std::make_unique<AMSGrad>());
    check(std::make_unique<AdaBound>(options), std::make_unique<AdaBound>());
    auto both = std::make_unique<Adam>(options);  // the file has more state than an optimizer with default
                                                  // options
    both->hyperparam.amsgrad = both->hyperparam.adabound = true;
    check(std::move(both), std::make_unique<Adam>());
    auto with_vhat = std::make_unique<Adam>();
    with_vhat->hyperparam.amsgrad = true;
    check(std::make_unique<Adam>(options), std::move(with_vhat));
  });
}

TEST_CASE("the file of an optimizer has Chainer's keys, the rule and the hyperparameters") {
  Bowl bowl(Dtype::float32);
  MomentumSGD optimizer({.lr = 0.25, .momentum = 0.5});
  optimizer.setup(bowl);
  const NamedArrays state = optimizer.save_state();
  CHECK(keys(state) == std::vector<std::string>{"t", "epoch", "W/t", "W/v", "b/t", "b/v", "rule",
                                                "hyperparam/lr", "hyperparam/momentum"});
  CHECK(state[6].second.to_vector<std::uint8_t>() ==
        std::vector<std::uint8_t>{'M', 'o', 'm', 'e', 'n', 't', 'u', 'm', 'S', 'G', 'D'});
  CHECK(state[7].second.dtype() == Dtype::float64);
  CHECK(state[7].second.shape() == Shape());
  CHECK(state[7].second.item() == 0.25);
  RMSprop rmsprop({.eps_inside_sqrt = true});
  rmsprop.setup(bowl);
  CHECK(rmsprop.save_state().back().first == "hyperparam/eps_inside_sqrt");
  CHECK(rmsprop.save_state().back().second.dtype() == Dtype::uint8);
  CHECK(rmsprop.save_state().back().second.item() == 1);
}

TEST_CASE("files without hyperparameters can be loaded, and the report lists the missing keys") {
  // The predictor of a Classifier, saved by Chainer.
  struct Net : Chain {
    Linear l1 = link("l1", Linear(8, 16)), l2 = link("l2", Linear(16, 16)), l3 = link("l3", Linear(16, 3));
  };
  Net net;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(net);
  const LoadReport report = load_npz(TENBIN_TEST_DATA "/serializers/adam_8_16_3.npz", optimizer,
                                     {.path = "predictor/", .strict = false});
  CHECK(report.loaded_keys.size() == 6 * 3);
  CHECK(report.missing_keys ==
        std::vector<std::string>{"predictor/rule", "predictor/hyperparam/alpha", "predictor/hyperparam/beta1",
                                 "predictor/hyperparam/beta2", "predictor/hyperparam/eps",
                                 "predictor/hyperparam/eta", "predictor/hyperparam/weight_decay_rate",
                                 "predictor/hyperparam/amsgrad", "predictor/hyperparam/adabound",
                                 "predictor/hyperparam/final_lr", "predictor/hyperparam/gamma",
                                 "predictor/hyperparam/initial_alpha", "predictor/t", "predictor/epoch"});
  CHECK(report.unexpected_keys.empty());
  CHECK(optimizer.hyperparam.alpha == 0.01);

  struct Classifier : Chain {
    Net predictor = link("predictor", Net());
  } classifier;
  optimizer.setup(classifier);
  CHECK(load_npz(TENBIN_TEST_DATA "/serializers/adam_8_16_3.npz", optimizer).missing_keys.size() == 12);
  CHECK(optimizer.t() == 25);
}

TEST_CASE("an optimizer refuses a file of another optimizer or model, and is unchanged") {
  const Files files;
  Bowl bowl(Dtype::float32);
  Adam optimizer({.alpha = 0.1});
  const std::string& path = files.state;

  save_npz(path, {{"t", Array::scalar(3, Dtype::int64)}});
  CHECK_THROWS_WITH(load_npz(path, optimizer),
                    path + ": Adam: load_npz before setup: call setup(model) first");
  CHECK_THROWS_WITH(save_npz(files.model, optimizer),
                    "Adam: saved before setup, without a model there is no state");
  optimizer.setup(bowl);
  bowl.set_gradients();
  optimizer.update();

  const auto check_refused = [&](const std::string& text) {
    const NamedArrays state = optimizer.save_state();
    std::vector<std::vector<double>> before;
    for (const auto& [key, array] : state) before.push_back(values(array));
    CHECK_THROWS_WITH(load_npz(path, optimizer), path + ": " + text);
    const NamedArrays after = optimizer.save_state();
    for (std::size_t i = 0; i < after.size(); ++i) CHECK(values(after[i].second) == before[i]);
  };
  const auto save = [&](auto other, auto change) {
    other->setup(bowl);
    NamedArrays state = other->save_state();
    change(state);
    save_npz(path, state);
  };
  const auto replace = [](const std::string& key, const Array& array) {
    return [=](NamedArrays& state) {
      for (auto& entry : state)
        if (entry.first == key) entry.second = array;
    };
  };
  const auto remove = [](const std::string& key) {
    return [=](NamedArrays& state) {
      for (std::size_t i = 0; i < state.size(); ++i)
        if (state[i].first == key) state.erase(state.begin() + static_cast<std::ptrdiff_t>(i));
    };
  };
  save(std::make_unique<MomentumSGD>(), [](NamedArrays&) {});
  check_refused("rule: expected Adam with W/m, W/v, got MomentumSGD");
  save(std::make_unique<AdamW>(), [](NamedArrays&) {});
  check_refused("rule: expected Adam with W/m, W/v, got AdamW");
  save(std::make_unique<MomentumSGD>(), remove("rule"));  // as Chainer's
  check_refused(
      "W/m: there is no such key; the file has t, epoch, W/t, W/v, b/t, b/v, hyperparam/lr, "
      "hyperparam/momentum");
  save(std::make_unique<Adam>(), replace("rule", Array{1.f}));
  check_refused("rule: expected text in uint8, got float32(1)");
  save(std::make_unique<Adam>(), remove("b/v"));
  check_refused(
      "b/v: there is no such key; the file has t, epoch, W/t, W/m, W/v, b/t, b/m, rule and 11 more");
  save(std::make_unique<Adam>(), replace("b/v", Array::zeros({3})));
  check_refused("b/v: expected float32(2), got float32(3)");
  save(std::make_unique<Adam>(), replace("t", Array{1.f}));
  check_refused("t: expected int64(), got float32(1)");
  save(std::make_unique<Adam>(), replace("b/t", Array::scalar(2, Dtype::int64)));
  check_refused("b/t: expected 0 updates like t, got 2");
  save(std::make_unique<Adam>(), replace("hyperparam/alpha", Array{1.f}));
  check_refused("hyperparam/alpha: expected float64(), got float32(1)");
  save(std::make_unique<Adam>(), replace("hyperparam/beta1", Array::scalar(1.5, Dtype::float64)));
  check_refused("Adam: beta1 must be in [0, 1), got 1.5");

  // The file of another model.
  Chain other;
  other.param("w", Array{1.f});
  Adam of_other;
  of_other.setup(other);
  save_npz(path, of_other);
  CHECK_THROWS_WITH(
      load_npz(path, optimizer, {.strict = false}),
      ContainsSubstring(
          "no requested key is in the file: requested W/t, W/m, W/v, b/t, b/m, b/v; the file "));
}

TEST_CASE("losing the state of uninitialised parameters is an error") {
  const Files files;
  Lazy model;
  Adam optimizer;
  optimizer.setup(model);
  train_step(model, optimizer);
  save_npz(files.model, model);
  save_npz(files.state, optimizer);

  Lazy lazy;
  Adam resumed;
  resumed.setup(lazy);
  CHECK_THROWS_WITH(load_npz(files.state, resumed),
                    files.state +
                        ": Adam: the file has state of parameters that are not initialised yet (l1/W, "
                        "l2/W): load the model first, or run it forward once");
  CHECK(resumed.t() == 0);
  lazy(Array::ones({1, 4}));
  load_npz(files.state, resumed);
  CHECK(resumed.t() == 1);

  // Saved before the sizes were known, and loaded at that state: there is nothing to lose.
  Lazy early, late;
  SGD first, second;
  save_npz(files.state, first.setup(early).save_state());
  load_npz(files.state, second.setup(late));
  late(Array::ones({1, 4}));
  CHECK_THROWS_WITH(load_npz(files.state, second), ContainsSubstring("l1/W/t: there is no such key"));
}
