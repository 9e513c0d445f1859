// The extensions that evaluate, log, print, keep the best model, stop, and change hyperparameters.
#include <cmath>
#include <limits>
#include <sstream>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/tests/training/small_training.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// A training whose steps report these values as `main/q`, one per iteration; nothing is learnt.
struct Reported {
  explicit Reported(const std::string& out, std::vector<double> values, std::int64_t batches_per_epoch = 1)
      : steps(static_cast<std::int64_t>(values.size())) {
    optimizer.setup(model);
    const auto rows = static_cast<std::size_t>(2 * batches_per_epoch);
    trainer = std::make_unique<Trainer>(
        Updater(Minibatches(two_classes(rows), {.batch_size = 2, .shuffle = false}), optimizer,
                [this, values](const Array&, const Array&) {
                  Array weight = model.l1.W.data();
                  weight.fill(static_cast<double>(next));  // so that models can be told apart
                  report("q", values[next++]);
                }),
        TrainerOptions{Iterations(steps), out});
  }

  std::int64_t steps;
  std::size_t next = 0;
  SmallNet model;
  SGD optimizer;
  std::unique_ptr<Trainer> trainer;
};

}  // namespace

TEST_CASE("LogReport writes Chainer's JSON and CSV: means over the rows since the last row") {
  const ScratchDirectory directory;
  Reported training(directory.path(), {1, 3, 0.1, missing, 2, 1e300}, 2);
  training.trainer->extend(LogReport({.csv = "log.csv"}));
  // The first row is weighted by hand: 1 has weight 2, the rows of the batch, and 3 as well.
  training.trainer->run();
  std::string log = read_bytes(directory / "log");
  const auto without_time = [](std::string text) {
    for (std::size_t at = text.find("elapsed_time\": "); at != std::string::npos;
         at = text.find("elapsed_time\": ", at + 15))
      text.erase(at + 15, text.find('\n', at) - at - 15);
    return text;
  };
  CHECK(without_time(log) == R"([
    {
        "main/q": 2.0,
        "epoch": 1,
        "iteration": 2,
        "elapsed_time": 
    },
    {
        "main/q": null,
        "epoch": 2,
        "iteration": 4,
        "elapsed_time": 
    },
    {
        "main/q": 5e+299,
        "epoch": 3,
        "iteration": 6,
        "elapsed_time": 
    }
])");
  const std::string csv = read_bytes(directory / "log.csv");
  CHECK_THAT(csv, ContainsSubstring("main/q,epoch,iteration,elapsed_time\n2.0,1,2,"));
  CHECK_THAT(csv, ContainsSubstring("\nnan,2,4,"));
  const std::vector<LogRow> rows = read_log(directory / "log");
  REQUIRE(rows.size() == 3);
  CHECK(*value_of(rows[0], "main/q") == 2);
  CHECK(std::isnan(*value_of(rows[1], "main/q")));
  CHECK(*value_of(rows[2], "iteration") == 6);
  CHECK_FALSE(value_of(rows[2], "main/loss"));
}

TEST_CASE("read_log reads what Chainer writes") {
  const ScratchDirectory directory;
  const std::string path = directory / "log";
  write_bytes(path,
              "[\n    {\n        \"main/loss\": 0.1934674,\n        \"main/NaN \\\" accuracy\": NaN,\n"
              "        \"lr\": -Infinity,\n        \"note\": \"NaN\",\n        \"epoch\": 1\n    }\n]");
  const std::vector<LogRow> rows = read_log(path);
  REQUIRE(rows.size() == 1);
  CHECK(*value_of(rows[0], "main/loss") == 0.1934674);
  CHECK(std::isnan(*value_of(rows[0], "main/NaN \" accuracy")));
  CHECK(std::isnan(*value_of(rows[0], "lr")));
  CHECK_FALSE(value_of(rows[0], "note"));
  const auto error_of = [&](const std::string& text) {
    write_bytes(path, text);
    return [&] { read_log(path); };
  };
  CHECK_THROWS_WITH(error_of("")(), path + ": expected a log in JSON, got another text");
  CHECK_THROWS_WITH(error_of("[{\"a\": 1}")(), path + ": expected a log in JSON, got another text");
  CHECK_THROWS_WITH(error_of("{\"a\": 1}")(), path + ": expected a list of objects, got object");
  CHECK_THROWS_WITH(error_of("[3]")(), path + ": row 0: expected an object, got number");
  CHECK_THROWS_WITH(read_log(directory / "other"), ContainsSubstring("other: "));
}

TEST_CASE("means over iterations are weighted by the rows of the batches") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(1));
  double sum = 0;
  training.trainer->extend(
      [&](Trainer& trainer) {
        sum += *trainer.observation().get("main/loss") * (trainer.is_new_epoch() ? 2 : 8);
      },
      {.trigger = Iterations(1)});
  LogReport& log = training.trainer->extend(LogReport());
  training.trainer->run();
  CHECK(*value_of(log.rows()[0], "main/loss") == Approx(sum / 50).epsilon(1e-12));
}

TEST_CASE("PrintReport prints Chainer's table") {
  const ScratchDirectory directory;
  Reported training(directory.path(), {1, 3, 0.1, 123456.789, 2, 1e300}, 2);
  std::ostringstream out;
  training.trainer->extend(
      [](Trainer& trainer) {
        trainer.observation().set("late/and/long", 1.5 * static_cast<double>(trainer.epoch()));
      },
      {.trigger = Epochs(2), .priority = Priority::writer, .reports = {"late/and/long"}});
  training.trainer->extend(PrintReport({"epoch", "iteration", "main/q", "late/and/long"}, out));
  training.trainer->run();
  CHECK(out.str() ==
        "epoch       iteration   main/q      late/and/long\n"
        "1           2           2\n"
        "2           4           61728.4     3\n"
        "3           6           5e+299\n");

  // Below a progress bar: what is under the table is erased.
  std::ostringstream terminal;
  Reported again(directory.path(), {1});
  again.trainer->extend(PrintReport({"epoch"}, terminal, true));
  again.trainer->run();
  CHECK(terminal.str() == "\033[Jepoch\n\033[J1\n");

  CHECK_THROWS_WITH(PrintReport({}), "PrintReport: expected the keys of the columns, got no key");
  Reported misspelt(directory.path(), {1, 2});
  misspelt.trainer->extend(PrintReport({"epoch", "main/p"}, out));
  CHECK_THROWS_WITH(misspelt.trainer->run(),
                    "PrintReport: no value has been reported as 'main/p'; there are epoch, iteration, "
                    "elapsed_time, main/q");
}

TEST_CASE("Evaluator: metrics of all rows at once, the loss weighted by rows, in test mode") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(1));
  const Dataset valid = two_classes(21, 9);
  const auto probabilities = [net = training.model](const Variable& x) {
    CHECK_FALSE(config().train);
    CHECK_FALSE(config().enable_backprop);
    return softmax(net(x));
  };
  const auto loss = [net = training.model](const Array& x, const Array& t) {
    report("rows", static_cast<double>(x.shape()[0]));
    return softmax_cross_entropy(net(x), t);
  };
  EvaluatorOptions options;
  options.loss = loss;
  options.batch_size = 8;
  const Evaluator evaluator(valid, probabilities,
                            {{"ap", average_precision_score},
                             {"accuracy", accuracy},
                             {"mcc", matthews_corrcoef},
                             {"balanced", &ConfusionMatrix::balanced_accuracy},
                             {"recall", [](const ConfusionMatrix& matrix) { return matrix.recall(); }},
                             {"rows", [](const Array& t, const Array&) { return double(t.size()); }}},
                            options);
  const auto of_all_rows = [&](auto f) {
    const TestMode test;
    const NoBackprop off;
    return f();
  };
  const Array p = of_all_rows([&] { return softmax(training.model(valid.x)).data(); });
  const ConfusionMatrix matrix(valid.t, p);
  const auto expected = [&](const std::string& key, double value) {
    return std::pair<std::string, double>("validation/main/" + key, value);
  };
  const std::vector<std::pair<std::string, double>> values = evaluator.evaluate();
  REQUIRE(values.size() == 9);
  CHECK(values[0] == expected("rows", (8 * 8 + 8 * 8 + 5 * 5) / 21.0));
  CHECK(values[1].first == "validation/main/loss");
  CHECK(values[1].second == Approx(of_all_rows([&] {
                              return softmax_cross_entropy(training.model(valid.x), valid.t).item();
                            })).epsilon(1e-6));
  CHECK(values[2] == expected("ap", average_precision_score(valid.t, p)));
  CHECK(values[3] == expected("accuracy", accuracy(p, valid.t)));
  CHECK(values[4] == expected("mcc", matthews_corrcoef(matrix)));
  CHECK(values[5] == expected("balanced", matrix.balanced_accuracy()));
  CHECK(values[6] == expected("recall/0", matrix.recall()[0]));
  CHECK(values[7] == expected("recall/1", matrix.recall()[1]));
  CHECK(values[8] == expected("rows", 21));

  LogReport& log = training.trainer->extend(LogReport());
  training.trainer->extend(evaluator);
  training.trainer->run();
  CHECK(value_of(log.rows()[0], "validation/main/ap").has_value());
  CHECK_THROWS_WITH(Evaluator(Dataset(), probabilities, {}),
                    "Evaluator: expected rows, got a dataset without any");
}

TEST_CASE("Evaluator of sparse rows has the values of the dense ones") {
  const Dataset dense = two_classes(21, 9);
  const SparseDataset sparse(CsrMatrix::from_dense(dense.x), dense.t);
  const MLP model({dense.x.shape()[1], 4, 2});
  EvaluatorOptions options;
  options.batch_size = 8;
  const auto evaluate = [&](const auto& data, const auto& of_rows, LossFunction loss) {
    options.loss = std::move(loss);
    return Evaluator(data, of_rows, {{"ap", average_precision_score}, {"accuracy", accuracy}}, options)
        .evaluate();
  };
  const auto expected = evaluate(
      dense, [&](const Variable& x) { return softmax(model(x)); },
      [&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); });
  const auto loss = [&](const CsrMatrix& x, const Array& t) {
    CHECK_FALSE(config().train);
    return softmax_cross_entropy(model(x), t);
  };
  const auto values = evaluate(
      sparse, [&](const CsrMatrix& x) { return softmax(model(x)); }, loss);
  REQUIRE(values.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(values[i].first == expected[i].first);
    CHECK(values[i].second == Approx(expected[i].second).epsilon(1e-6));
  }
  CHECK(Evaluator(sparse, model, {{"accuracy", accuracy}}).evaluate()[0] == values[2]);  // a link
  CHECK_THROWS_WITH(Evaluator(SparseDataset(), model, {}),
                    "Evaluator: expected rows, got a dataset without any");
  CHECK_THROWS_WITH(
      evaluate(dense, model, loss),
      "Updater: the loss takes a CsrMatrix and an Array, and the batches are not of a SparseDataset");
}

TEST_CASE("Metric takes the functions of evaluation with their default options") {
  const Array t({0, 1, 1, 0, 1, 0}), y({0, 1, 0, 0, 1, 1});
  const ConfusionMatrix matrix(t, y);
  const auto value = [&](const Metric& metric) { return metric(t, y).values; };
  CHECK(value({"kappa", cohen_kappa_score}) == std::vector{cohen_kappa_score(matrix)});
  CHECK(value({"f1", &ConfusionMatrix::f1}) == matrix.f1());
  CHECK(value({"recall", &ConfusionMatrix::recall}) == matrix.recall());
  CHECK(value({"g_mean", &ConfusionMatrix::g_mean}) == std::vector{matrix.g_mean()});
}

TEST_CASE("report of an extension, and of the model of an Evaluator that takes arrays") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(2));
  std::ostringstream out;
  training.trainer->extend(
      [](Trainer& trainer) { report("twice", 2.0 * static_cast<double>(trainer.epoch())); },
      {.trigger = Epochs(1)});
  training.trainer->extend(Evaluator(training.train, [&](const Array& x) { return training.model(x).data(); },
                                     {{"recall", &ConfusionMatrix::recall}}));
  training.trainer->extend(PrintReport({"epoch", "twice"}, out));
  training.trainer->run();
  CHECK(out.str() == "epoch       twice\n1           2\n2           4\n");

  SmallTraining per_class(directory.path(), Epochs(1));
  per_class.trainer->extend(
      Evaluator(training.train, per_class.model, {{"recall", &ConfusionMatrix::recall}}));
  per_class.trainer->extend(PrintReport({"validation/main/recall"}, out));
  CHECK_THROWS_WITH(per_class.trainer->run(),
                    "PrintReport: 'validation/main/recall' has a value per class: validation/main/recall/0, "
                    "validation/main/recall/1");

  SmallTraining late(directory.path(), Epochs(1));
  late.trainer->extend([](Trainer&) { report("x", 1); },
                       {.trigger = Epochs(1), .priority = Priority::reader});
  late.trainer->extend(PrintReport({"x"}, out));
  CHECK_THROWS_WITH(late.trainer->run(),
                    "PrintReport: 'x' is reported after LogReport has run; give what reports "
                    "it a higher priority");
}

TEST_CASE("MaxValue and MinValue fire at a new best value; NaN never does") {
  const ScratchDirectory directory;
  const auto fires = [&](auto trigger) {
    Reported training(directory.path(), {missing, 2, 1, 3, 3, missing, 0.5, 4});
    std::vector<std::int64_t> fired;
    training.trainer->extend([&](Trainer& trainer) { fired.push_back(trainer.iteration()); },
                             {.trigger = trigger});
    training.trainer->run();
    return fired;
  };
  CHECK(fires(MaxValue("main/q")) == std::vector<std::int64_t>{2, 4, 8});
  CHECK(fires(MinValue("main/q")) == std::vector<std::int64_t>{2, 3, 7});
  CHECK(fires(MaxValue("main/q", Iterations(2))) == std::vector<std::int64_t>{4, 8});
  CHECK_THROWS_WITH(fires(MaxValue("main/z")),
                    "Trainer: no value has been reported as 'main/z'; there are epoch, iteration, "
                    "elapsed_time, main/q");
}

TEST_CASE("KeepBest saves the best model, and the model is the best one at the end") {
  const ScratchDirectory directory;
  Reported training(directory.path(), {0.2, 0.7, missing, 0.7, 0.6});
  KeepBest& best = training.trainer->extend(KeepBest(training.model, "main/q", {.mode = Mode::max}));
  training.trainer->run();
  CHECK(best.value() == 0.7);
  CHECK(best.iteration() == 2);
  CHECK(training.model.l1.W.data().to_vector<double>()[0] == 1);  // the step with index 1
  SmallNet loaded;
  load_npz(directory / "best.npz", loaded);
  CHECK(parameters_of(loaded) == parameters_of(training.model));

  Reported last(directory.path(), {0.2, 0.7, 0.6});
  last.trainer->extend(KeepBest(last.model, "main/q", {.mode = Mode::min, .file = "", .restore = false}));
  last.trainer->run();
  CHECK(last.model.l1.W.data().to_vector<double>()[0] == 2);
  CHECK_THROWS_WITH(KeepBest(last.model, "main/q"),
                    "KeepBest: whether 'main/q' improves upwards or downwards is not known; set .mode to "
                    "Mode::max or Mode::min");
}

TEST_CASE("EarlyStopping: patience, min_delta, the best model; F1 and AP are maximised") {
  const ScratchDirectory directory;
  const auto iterations = [&](EarlyStoppingOptions options, std::vector<double> values) {
    Reported training(directory.path(), std::move(values));
    training.trainer->extend(EarlyStopping("main/q", std::move(options)));
    training.trainer->run();
    return training.trainer->iteration();
  };
  CHECK(iterations({.mode = Mode::max, .patience = 2}, {1, 2, 1.5, 2, 3, 4}) == 4);
  CHECK(iterations({.mode = Mode::min, .patience = 2}, {1, 2, 3, 0, 0, 0}) == 3);
  CHECK(iterations({.mode = Mode::max, .patience = 2}, {1, missing, missing, 9}) == 3);
  CHECK(iterations({.mode = Mode::max, .patience = 2, .min_delta = 0.5}, {1, 1.4, 1.5, 2}) == 3);
  CHECK(iterations({.mode = Mode::max, .patience = 9}, {1, 1, 1}) == 3);

  Reported restored(directory.path(), {1, 5, 2, 3, 9});
  restored.trainer->extend(EarlyStopping("main/q", {.mode = Mode::max, .patience = 2, .restore_best = true}));
  restored.trainer->run();
  CHECK(restored.trainer->stop_reason() == "EarlyStopping: main/q has not improved on 5 for 2 checks");
  CHECK(restored.model.l1.W.data().to_vector<double>()[0] == 1);

  using detail::Better;
  for (const char* key : {"validation/main/f1", "v/recall/1", "v/brier_skill_score", "main/accuracy",
                          "v/average_precision", "v/ap", "v/roc_auc"})
    CHECK(detail::better_value("E", key, Mode::automatic) == Better::larger);
  for (const char* key : {"main/loss", "validation/main/brier", "v/log_loss", "v/error_rate", "v/ece"})
    CHECK(detail::better_value("E", key, Mode::automatic) == Better::smaller);
  CHECK_THROWS_WITH(EarlyStopping("main/q", {.mode = Mode::max, .patience = 0}),
                    "EarlyStopping: expected a patience of 1 or more, got 0");

  Reported as_trigger(directory.path(), {1, 2, 1, 1, 1, 1});
  Trainer trainer(std::move(as_trigger.trainer->updater()),
                  {.stop = EarlyStoppingTrigger("main/q", Epochs(100), {.mode = Mode::max, .patience = 2}),
                   .out = directory.path()});
  trainer.run();
  CHECK(trainer.iteration() == 4);
}

TEST_CASE("schedules set hyperparameters before every step") {
  const ScratchDirectory directory;
  const auto rates = [&](Schedule schedule, ScheduleOptions options) {
    SmallTraining training(directory.path(), Epochs(3));
    std::vector<double> seen;
    training.trainer->extend(LearningRateSchedule(std::move(schedule), std::move(options)));
    training.trainer->extend([&](Trainer& trainer) { seen.push_back(trainer.optimizer().learning_rate()); },
                             {.priority = Priority::reader - 2, .call_before_training = true});
    training.trainer->run();
    return seen;
  };
  check_close(rates(schedules::exponential(0.5), {}), {0.01, 0.005, 0.0025, 0.00125}, 0, 1e-12);
  check_close(rates(schedules::exponential(0.5), {.initial = 1}), {1, 0.5, 0.25, 0.125}, 0, 1e-12);
  check_close(rates(schedules::linear(1, 0, 21), {.unit = TimeUnit::iterations, .initial = 21}),
              {21, 14, 7, 0}, 1e-12, 1e-12);

  SmallTraining training(directory.path(), Epochs(2));
  training.trainer->extend(HyperparameterSchedule("beta1", schedules::multistep(0.5, {1})));
  training.trainer->run();
  CHECK(training.optimizer.hyperparam.beta1 == 0.45);
  training.trainer->extend(HyperparameterSchedule("momentum", schedules::constant()));
  CHECK_THROWS_WITH(training.trainer->run(), ContainsSubstring("momentum"));
}

TEST_CASE("schedules scale the rates of groups, too, or of one group alone") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(1));
  Adam& biases = training.optimizer.group("*/b", {.alpha = 0.5});
  training.trainer->extend(LearningRateSchedule(schedules::exponential(0.5)));
  training.trainer->extend(HyperparameterSchedule("beta1", schedules::exponential(0.5), {.group = "*/b"}));
  training.trainer->run();
  CHECK(training.optimizer.hyperparam.alpha == 0.005);
  CHECK(biases.hyperparam.alpha == 0.25);
  CHECK(training.optimizer.hyperparam.beta1 == 0.9);
  CHECK(biases.hyperparam.beta1 == 0.45);
  training.trainer->extend(HyperparameterSchedule("beta2", schedules::exponential(0.5), {.group = "*/c"}));
  CHECK_THROWS_WITH(training.trainer->run(), "Schedule of beta2: the optimizer has no group '*/c'");
}

TEST_CASE("schedules of a group start from its own value, and of other numbers from theirs") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(2));
  Adam& biases = training.optimizer.group("*/b", {.alpha = 0.5});
  WeightDecay& decay = training.optimizer.add_hook(WeightDecay(0.5));
  // From 0: a schedule that read the group's rate after this one had started would scale 0.
  training.trainer->extend(LearningRateSchedule(schedules::warm_up(4)));
  training.trainer->extend(HyperparameterSchedule("alpha", schedules::exponential(0.5), {.group = "*/b"}));
  training.trainer->extend(HyperparameterSchedule("decay", decay.rate, schedules::exponential(0.5)));
  training.trainer->run();
  CHECK(training.optimizer.hyperparam.alpha == Approx(0.01 * 2 / 4));
  CHECK(biases.hyperparam.alpha == 0.125);
  CHECK(decay.rate == 0.125);
}

TEST_CASE("extensions that would undo each other are refused") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path());
  Trainer& trainer = *training.trainer;
  const auto evaluator = [&](EvaluatorOptions options) {
    return Evaluator(training.train, training.model, {{"accuracy", accuracy}}, options);
  };
  trainer.extend(evaluator({}));
  CHECK_THROWS_WITH(
      trainer.extend(evaluator({})),
      "Trainer: extend: 'validation/main/accuracy' is reported by validation already; the option "
      ".name of an Evaluator changes its keys");
  trainer.extend(evaluator({.name = "train"}));
  trainer.extend(KeepBest(training.model, "validation/main/accuracy"));
  CHECK_THROWS_WITH(trainer.extend(KeepBest(training.model, "train/main/accuracy")),
                    "Trainer: extend: 'best.npz' is written by KeepBest already");
  trainer.extend(LearningRateSchedule(schedules::constant()));
  trainer.extend(ReduceOnPlateau("main/loss"));
  CHECK_THROWS_WITH(trainer.run(),
                    "ReduceOnPlateau: the trainer has a LearningRateSchedule, which sets the rate in every "
                    "iteration");
}

TEST_CASE("an evaluation before training is the first row of a log that has it, too") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(1));
  LogReport& log = training.trainer->extend(LogReport(), {.call_before_training = true});
  training.trainer->extend(Evaluator(training.train, training.model, {{"accuracy", accuracy}}),
                           {.call_before_training = true});
  training.trainer->run();
  REQUIRE(log.rows().size() == 2);
  CHECK(*value_of(log.rows()[0], "iteration") == 0);
  CHECK(value_of(log.rows()[0], "validation/main/accuracy").has_value());
  CHECK_FALSE(value_of(log.rows()[0], "main/loss").has_value());
}

TEST_CASE("a check without a value since the last one says so") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(3));
  training.trainer->extend(Evaluator(training.train, training.model, {{"accuracy", accuracy}}),
                           {.trigger = Epochs(2)});
  training.trainer->extend(EarlyStopping("validation/main/accuracy"));
  CHECK_THROWS_WITH(
      training.trainer->run(),
      "Trainer: no value has been reported as 'validation/main/accuracy' since the check before: "
      "check it when it is reported");
}

TEST_CASE("a schedule of the learning rate scales a decoupled weight decay, too") {
  const ScratchDirectory directory;
  const auto moves = [&](double weight_decay_rate) {
    SmallTraining training(directory.path(), Epochs(2));
    training.optimizer.hyperparam.weight_decay_rate = weight_decay_rate;
    const std::vector<double> before = parameters_of(training.model);
    training.trainer->extend(LearningRateSchedule(schedules::linear(0, 0, 1)));
    training.trainer->run();
    CHECK(training.optimizer.learning_rate() == 0);
    return parameters_of(training.model) != before;
  };
  CHECK_FALSE(moves(0));
  CHECK_FALSE(moves(1e-2));

  AdamW decayed({.alpha = 0.5, .weight_decay_rate = 1e-2});
  decayed.set_learning_rate(0.25);
  CHECK(decayed.learning_rate() == 0.25);
  CHECK(decayed.hyperparam.alpha == 0.5);
  CHECK(decayed.hyperparam.eta == 0.5);
  Adam plain({.alpha = 0.5, .eta = 2});
  CHECK(plain.learning_rate() == 1);
  plain.set_learning_rate(0.5);
  CHECK(plain.hyperparam.alpha == 0.25);
}

TEST_CASE("the unit of a schedule: epochs with or without their fraction") {
  const ScratchDirectory directory;
  const auto rate_of_step = [&](TimeUnit unit, std::int64_t step) {
    SmallTraining training(directory.path(), Iterations(step));
    training.trainer->extend(LearningRateSchedule(schedules::linear(0, 50, 1), {.unit = unit, .initial = 1}));
    training.trainer->run();
    return training.optimizer.learning_rate();
  };
  CHECK(rate_of_step(TimeUnit::epochs, 3) == Approx(24));  // 24 of 50 rows
  CHECK(rate_of_step(TimeUnit::whole_epochs, 3) == 0);
  CHECK(rate_of_step(TimeUnit::whole_epochs, 7) == 50);
}

TEST_CASE("ReduceOnPlateau reduces the rate after patience checks, with a cooldown and a lower limit") {
  const ScratchDirectory directory;
  const auto rates = [&](ReduceOnPlateauOptions options, std::vector<double> values) {
    Reported training(directory.path(), std::move(values));
    training.optimizer.hyperparam.lr = 8;
    std::vector<double> seen;
    training.trainer->extend(ReduceOnPlateau("main/q", std::move(options)));
    training.trainer->extend([&](Trainer&) { seen.push_back(training.optimizer.hyperparam.lr); },
                             {.trigger = Iterations(1)});
    training.trainer->run();
    return seen;
  };
  using Rates = std::vector<double>;
  const ReduceOnPlateauOptions one{.mode = Mode::min, .factor = 0.5, .patience = 1, .min_delta = 0};
  CHECK(rates(one, {3, 2, 2, 2, 2, 2, 1}) == Rates{8, 8, 8, 4, 4, 2, 2});
  ReduceOnPlateauOptions cooled = one;
  cooled.cooldown = 2;
  cooled.min_rate = 3;
  CHECK(rates(cooled, {3, 3, 3, 3, 3, 3, 3, 3}) == Rates{8, 8, 4, 4, 4, 4, 3, 3});
  CHECK_THROWS_WITH(ReduceOnPlateau("main/loss", {.factor = 1}),
                    "ReduceOnPlateau: factor must be in (0, 1), got 1");
}

TEST_CASE("ScheduledClassWeight changes one array between epochs", "[gpu]") {
  on_every_device([](Device device) {
    const ScratchDirectory directory;
    SmallTraining training(directory.path(), Epochs(3));
    const ScheduledClassWeight weight(DeferredReweighting{Array({1.f, 3.f}), 2}, 2, device);
    const Array first = weight();
    std::vector<std::vector<double>> seen;
    training.trainer->extend(weight);
    training.trainer->extend([&](Trainer&) { seen.push_back(first.to_vector<double>()); },
                             {.call_before_training = true});
    training.trainer->run();
    CHECK(seen == std::vector<std::vector<double>>{{1, 1}, {1, 1}, {1, 3}, {1, 3}});
    CHECK_THROWS_WITH(ScheduledClassWeight([](std::size_t) { return Array({1.f}); }, 2),
                      "ScheduledClassWeight: expected weights (2), got float32(1) for epoch 0");
  });
}

TEST_CASE("SaveObject names its files by epoch and iteration") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Epochs(2));
  training.trainer->extend(SaveObject(training.model, "model_{epoch}_{iteration}.npz"));
  training.trainer->extend(SaveObject(training.optimizer, "optimizer.npz"));
  training.trainer->run();
  SmallNet loaded;
  load_npz(directory / "model_2_14.npz", loaded);
  CHECK(parameters_of(loaded) == parameters_of(training.model));
  CHECK(NpzReader(directory / "model_1_7.npz").contains("l1/W"));
  CHECK(NpzReader(directory / "optimizer.npz").contains("l1/W/m"));
}
