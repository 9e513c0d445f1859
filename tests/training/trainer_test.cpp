// The trainer's loop: its order, its triggers, what it reports, and what it does with errors.
#include <cmath>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/memory_use.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/tests/training/small_training.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The iterations at which a trigger fires in 3 epochs of 7 iterations: 50 rows in batches of 8.
std::vector<std::int64_t> fires(Trigger trigger) {
  const ScratchDirectory directory;
  SmallTraining training(directory.path());
  std::vector<std::int64_t> fired;
  training.trainer->extend([&](Trainer& trainer) { fired.push_back(trainer.iteration()); },
                           {.trigger = std::move(trigger)});
  training.trainer->run();
  return fired;
}

using Iterations64 = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("Trainer gives the bits of the loop by hand") {
  const ScratchDirectory directory;
  SmallTraining by_trainer(directory.path());
  by_trainer.trainer->run();
  CHECK(by_trainer.trainer->iteration() == 21);
  CHECK(by_trainer.trainer->epoch() == 3);
  CHECK(by_trainer.optimizer.epoch() == 3);
  CHECK(directory.count() == 0);

  random::seed(1);
  SmallNet model;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  const Minibatches batches(two_classes(), {.batch_size = 8, .seed = 3});
  for (int epoch = 0; epoch < 3; ++epoch)
    for (auto [x, t] : batches) {
      Variable loss = softmax_cross_entropy(model(x), t);
      model.cleargrads();
      loss.backward();
      optimizer.update();
    }
  CHECK(parameters_of(by_trainer.model) == parameters_of(model));
}

TEST_CASE("triggers fire at the end of these iterations") {
  CHECK(fires(Epochs(1)) == Iterations64{7, 14, 21});
  CHECK(fires(Epochs(2)) == Iterations64{14});
  CHECK(fires(Epochs(0.5)) == Iterations64{4, 7, 11, 14, 18, 21});  // 8 of 50 rows in an iteration
  CHECK(fires(Iterations(6)) == Iterations64{6, 12, 18});
  CHECK(fires(AtEpochs({1, 2.5})) == Iterations64{7, 18});
  CHECK(fires(AtIterations({2, 20, 99})) == Iterations64{2, 20});
  CHECK(fires(Once()) == Iterations64{1});
  CHECK(fires([](const Trainer& trainer) { return trainer.iteration() == 5; }) == Iterations64{5});
  CHECK(fires(Seconds(1e-9)).size() == 21);
  CHECK(fires(Seconds(1e6)).empty());
  CHECK_THROWS_WITH(Epochs(0), "Epochs: expected a period above 0, got 0");
  CHECK_THROWS_WITH(Epochs(NAN), ContainsSubstring("Epochs: expected a period above 0, got nan"));
  CHECK_THROWS_WITH(Iterations(0), "Iterations: expected a period of 1 or more, got 0");
  CHECK_THROWS_WITH(Seconds(-1), "Seconds: expected a period above 0, got -1");
}

TEST_CASE("extensions run by priority, equal ones as they were added") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Iterations(1));
  std::string order;
  const auto add = [&](const char* name, int priority) {
    training.trainer->extend([&order, name](Trainer&) { order += name; },
                             {.trigger = Iterations(1), .priority = priority});
  };
  add("r", Priority::reader);
  add("w", Priority::writer);
  add("l", Priority::last);
  add("s", Priority::reader);
  add("e", Priority::editor);
  training.trainer->extend([&](Trainer&) { order += "0"; },
                           {.trigger = Epochs(1), .call_before_training = true});
  training.trainer->run();
  CHECK(order == "0wersl");
}

TEST_CASE("Trainer runs on from where it has stopped, and not at all behind its end") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(2));
  bool is_first = true;
  training.trainer->extend([&](Trainer& trainer) {
    if (is_first) trainer.stop("enough");
    is_first = false;
  });
  training.trainer->run();
  CHECK(training.trainer->epoch() == 1);
  CHECK(training.trainer->stop_reason() == "enough");
  CHECK(training.trainer->progress() == Approx(0.5));
  training.trainer->run();
  CHECK(training.trainer->epoch() == 2);
  CHECK(training.trainer->stop_reason().empty());
  CHECK(*training.trainer->progress() == 1);
  training.trainer->run();
  CHECK(training.trainer->iteration() == 14);
}

TEST_CASE("a stop trigger that is a function ends every run") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), [](const Trainer& trainer) { return trainer.is_new_epoch(); });
  for (std::int64_t epoch = 1; epoch <= 3; ++epoch) {
    training.trainer->run();
    CHECK(training.trainer->epoch() == epoch);
  }
}

TEST_CASE("an error of an extension ends the training after on_error and finalize of all") {
  struct Watch : Extension {
    std::string* events;
    explicit Watch(std::string* where) : events(where) {}
    std::string name() const override { return "Watch"; }
    void operator()(Trainer&) override {}
    void initialize(Trainer&) override { *events += "i"; }
    void on_error(Trainer&, const std::exception& error) override { *events += error.what(); }
    void finalize(Trainer&) override { *events += "f"; }
  };
  const ScratchDirectory directory;
  SmallTraining training(directory.path());
  std::string events;
  training.trainer->extend(Watch(&events));
  training.trainer->extend(
      [&](Trainer& trainer) {
        CHECK_THROWS_WITH(trainer.extend(Watch(&events)), "Trainer: extend: the trainer runs");
        throw Error("oops");
      },
      {.trigger = Iterations(2)});
  CHECK_THROWS_WITH(training.trainer->run(), "oops");
  CHECK(events == "ioopsf");
  CHECK(training.trainer->iteration() == 2);
}

TEST_CASE("all extensions are finalized, whatever on_error and finalize throw; the first error is reported") {
  struct Failing : Extension {
    int* finalized;
    explicit Failing(int* where) : finalized(where) {}
    std::string name() const override { return "Failing"; }
    void operator()(Trainer&) override {}
    void on_error(Trainer&, const std::exception&) override { throw Error("on_error"); }
    void finalize(Trainer&) override {
      ++*finalized;
      throw Error("finalize");
    }
  };
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Iterations(2));
  int finalized = 0;
  bool fails = true;
  training.trainer->extend(Failing(&finalized));
  training.trainer->extend(Failing(&finalized));
  training.trainer->extend(
      [&](Trainer& trainer) {
        CHECK_THROWS_WITH(trainer.run(), "Trainer: run: the trainer runs");
        if (fails) throw 3;
      },
      {.trigger = Iterations(1)});
  CHECK_THROWS_AS(training.trainer->run(), int);
  CHECK(finalized == 2);
  fails = false;
  CHECK_THROWS_WITH(training.trainer->run(), "finalize");
  CHECK(finalized == 4);
  CHECK(training.trainer->iteration() == 2);
  training.trainer->extend([](Trainer&) {});  // it does not run any more
}

TEST_CASE("Updater accumulates the gradients of several minibatches") {
  // Without dropout, 4 batches of 2 rows are one of 8; the last update of an epoch takes what is left.
  struct Net : Chain {
    Linear l1 = link("l1", Linear(4, 2));
    Variable operator()(const Variable& x) const { return l1(x); }
  };
  const auto trained = [](std::size_t batch_size, std::size_t accumulate) {
    random::seed(2);
    Net model;
    SGD optimizer({.lr = 0.5});
    optimizer.setup(model);
    Updater updater(Minibatches(two_classes(), {.batch_size = batch_size, .shuffle = false}), optimizer,
                    [&](const Array& x, const Array& t) {
                      const Variable y = model(x);
                      report("first", static_cast<double>(t.to_vector<double>()[0]));
                      return softmax_cross_entropy(y, t);
                    },
                    {.accumulate = accumulate});
    std::vector<double> seen;
    Observation observation;
    for (int i = 0; i < 14; ++i) {
      observation.clear();
      updater.update(observation);
      seen.push_back(*observation.get("main/loss"));
    }
    CHECK(updater.epoch() == 2);
    CHECK(updater.is_new_epoch());
    for (const double value : parameters_of(model)) seen.push_back(value);
    return seen;
  };
  check_close(trained(2, 4), trained(8, 1), 1e-6, 1e-6);

  Net model;
  SGD optimizer;
  optimizer.setup(model);
  const auto loss = [&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); };
  const Minibatches batches(two_classes(), {.batch_size = 8});
  CHECK_THROWS_WITH(Updater(batches, optimizer, loss, {.accumulate = 0}),
                    "Updater: accumulate must be 1 or more, got 0");
  CHECK_THROWS_WITH(Updater(batches, optimizer, loss, {.accumulate = 2, .capture = true}),
                    "Updater: accumulated gradients cannot be captured, got accumulate = 2");
}

TEST_CASE("Updater takes any loss: of arrays, of a batch, or a step of its own") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path());
  Observation observation;
  const Minibatches batches(training.train, {.batch_size = 8, .seed = 3});

  Updater of_batch(batches, training.optimizer, [&](const Arrays& batch) {
    CHECK(batch.size() == 2);
    return softmax_cross_entropy(training.model(batch[0]), batch[1]);
  });
  of_batch.update(observation);
  CHECK(observation.get("main/loss").has_value());

  int steps = 0;
  Updater own(batches, training.optimizer,
              [&](const Array& x, const Array&) {
                report("mine", static_cast<double>(x.shape()[0]));
                ++steps;
              },
              {.name = "gan"});
  observation.clear();
  own.update(observation);
  CHECK(steps == 1);
  CHECK(*observation.get("gan/mine") == 8);
  CHECK_FALSE(observation.get("gan/loss").has_value());

  Updater three(batches, training.optimizer,
                [&](const Array&, const Array&, const Array&) { return Variable(); });
  CHECK_THROWS_WITH(three.update(observation), "Updater: the loss takes 3 arrays, a batch has 2");
  Updater one(batches, training.optimizer, [&](const Array&) { return Variable(); });
  CHECK_THROWS_WITH(one.update(observation), "Updater: the loss takes 1 array, a batch has 2");
}

TEST_CASE("Updater refuses a loss of another model, and minibatches that repeat one order") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path());
  const SmallNet other = copy(training.model);
  const std::vector<double> before = parameters_of(training.model);
  Observation observation;
  const auto loss = [&](const Array& x, const Array& t) { return softmax_cross_entropy(other(x), t); };
  for (const std::size_t accumulate : {1u, 2u}) {
    Updater updater(Minibatches(training.train, {.batch_size = 8, .seed = 3}), training.optimizer, loss,
                    {.accumulate = accumulate});
    CHECK_THROWS_WITH(
        updater.update(observation),
        "Updater: no parameter of the optimizer's model has a gradient after backward: is the loss "
        "that of another model?");
  }
  CHECK(parameters_of(training.model) == before);
  const MinibatchesOptions one_order{.batch_size = 8, .seed = 1, .epoch = 3};
  const std::string text =
      "Updater: the minibatches have an .epoch, so that every epoch would have the same order: leave it out";
  CHECK_THROWS_WITH(Updater(Minibatches(training.train, one_order), training.optimizer, loss), text);
  CHECK_THROWS_WITH(Updater(Prefetch(Minibatches(training.train, one_order)), training.optimizer, loss),
                    text);
  CHECK_NOTHROW(Updater(batches_of_epoch([&](std::int64_t epoch) {
                          return Minibatches(training.train, {.epoch = static_cast<std::uint64_t>(epoch)});
                        }),
                        training.optimizer, loss));
}

TEST_CASE("report reaches the innermost scope of its thread") {
  report("nobody", 1);
  Observation outer, inner;
  const ReportScope scope(outer, "a/");
  report("x", 1);
  {
    const ReportScope within(inner, "b/", 3);
    report("x", Array({2.f}));
    report("y", Variable(Array({4.f})));
    CHECK_THROWS_WITH(report("z", Array({1.f, 2.f})), "report: 'b/z': expected one element, got float32(2)");
  }
  report("x", 5);
  CHECK(*outer.get("a/x") == 5);
  CHECK(*inner.get("b/x") == 2);
  CHECK(*inner.get("b/y") == 4);
  CHECK_FALSE(inner.get("a/x"));
  inner.clear();
  CHECK_FALSE(inner.get("b/x"));
}

TEST_CASE("a steady step of a trainer with a log allocates nothing") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Iterations(60));
  training.trainer->extend(LogReport({.trigger = Iterations(1000)}));
  std::size_t before = 0;
  training.trainer->extend(
      [&](Trainer& trainer) {
        if (trainer.iteration() == 22) before = allocation_count();
        if (trainer.iteration() == 27) CHECK(allocation_count() == before);  // within one epoch
      },
      {.trigger = Iterations(1)});
  training.trainer->run();
  CHECK(before > 0);
}

TEST_CASE("a captured step trains and reports as the plain one", "[gpu]") {
  on_every_device([](Device device) {
    const auto trained = [&](bool capture) {
      const ScratchDirectory directory;
      SmallTraining training(directory.path(), Epochs(3), {.capture = capture, .device = device});
      training.model.to(device);
      LogReport& log = training.trainer->extend(LogReport({.trigger = Iterations(1)}));
      training.trainer->run();
      std::vector<double> all = parameters_of(training.model);
      for (const LogRow& row : log.rows()) all.push_back(*value_of(row, "main/loss"));
      return all;
    };
    const std::vector<double> plain = trained(false);
    CHECK(plain.size() == 4 * 8 + 8 + 8 * 2 + 2 + 21);
    CHECK(trained(true) == plain);
  });
}
