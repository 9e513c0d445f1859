// Snapshots: a training that ends at any iteration and is resumed has the bits of one that does not.
#include <csignal>
#include <filesystem>
#include <sstream>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/tests/training/small_training.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Killed {};

// What a training leaves behind.
struct Result {
  std::vector<double> parameters;
  std::string table;
  std::vector<LogRow> rows;
  std::string best;
  std::int64_t iteration;
  std::string stop_reason;

  bool operator==(const Result& other) const {
    return parameters == other.parameters && table == other.table && rows == other.rows &&
           best == other.best && iteration == other.iteration && stop_reason == other.stop_reason;
  }
};

// Dropout, noise, a schedule, early stopping, the best model, accumulation; killed at the end of an
// iteration, before or after the snapshot of that iteration.
Result train(const ScratchDirectory& directory, std::int64_t killed_at = 0, int priority = 0,
             Trigger snapshots = Iterations(2), std::size_t accumulate = 2) {
  SmallTraining training(directory / "result", Epochs(5), {.accumulate = accumulate});
  training.optimizer.add_hook(GradientNoise(1e-3));
  Trainer& trainer = *training.trainer;
  std::ostringstream table;
  trainer.extend(Evaluator(two_classes(20, 8),
                           [net = training.model](const Variable& x) { return softmax(net(x)); },
                           {{"ap", average_precision_score}}));
  LogReport& log = trainer.extend(LogReport());
  trainer.extend(PrintReport({"epoch", "iteration", "main/loss", "validation/main/ap"}, table));
  trainer.extend(KeepBest(training.model, "validation/main/ap"));
  trainer.extend(EarlyStopping("validation/main/ap", {.patience = 2, .restore_best = true}));
  trainer.extend(ReduceOnPlateau("main/loss", {.factor = 0.5, .patience = 1}));
  trainer.extend(Snapshot({.trigger = std::move(snapshots), .n_retains = 2, .autoload = true}));
  if (killed_at > 0)
    trainer.extend(
        [=](Trainer& at) {
          if (at.iteration() == killed_at) throw Killed();
        },
        {.name = "kill", .trigger = Iterations(1), .priority = priority});
  trainer.run();
  Result result{
      parameters_of(training.model), table.str(),          {}, read_bytes(directory / "result/best.npz"),
      trainer.iteration(),           trainer.stop_reason()};
  for (LogRow row : log.rows()) {
    row.pop_back();
    result.rows.push_back(std::move(row));
  }
  return result;
}

std::size_t snapshots_in(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    count += entry.path().filename().string().rfind("snapshot_iter_", 0) == 0 ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a training that is killed after any iteration and resumed is the straight one") {
  const ScratchDirectory straight_directory;
  const Result straight = train(straight_directory);
  CHECK(straight.iteration >= 12);
  CHECK(straight.rows.size() * 4 == static_cast<std::size_t>(straight.iteration));
  CHECK(snapshots_in(straight_directory / "result") == 2);
  for (std::int64_t at = 1; at <= straight.iteration; ++at)
    for (const int priority : {0, Priority::last - 1}) {
      CAPTURE(at, priority);
      const ScratchDirectory directory;
      CHECK_THROWS_AS(train(directory, at, priority), Killed);
      CHECK(train(directory) == straight);
    }
}

TEST_CASE("a training that has ended is not trained again") {
  const ScratchDirectory directory;
  const Result first = train(directory);
  const auto time = std::filesystem::last_write_time(directory / "result/best.npz");
  CHECK(train(directory) == first);
  CHECK(std::filesystem::last_write_time(directory / "result/best.npz") == time);
}

TEST_CASE("a training that an extension has stopped is not resumed; its reason is kept") {
  const ScratchDirectory directory;
  const auto run = [&] {
    SmallTraining training(directory.path(), Epochs(3));
    training.trainer->extend(
        [](Trainer& trainer) {
          if (trainer.iteration() == 4) trainer.stop("enough");
        },
        {.name = "stop", .trigger = Iterations(1)});
    training.trainer->extend(Snapshot({.trigger = Iterations(1), .autoload = true}));
    training.trainer->run();
    return std::pair(training.trainer->iteration(), training.trainer->stop_reason());
  };
  CHECK(run() == std::pair<std::int64_t, std::string>(4, "enough"));
  CHECK(run() == std::pair<std::int64_t, std::string>(4, "enough"));
}

TEST_CASE("snapshots of an earlier training in the directory are an error, and stay") {
  const ScratchDirectory directory;
  const auto run = [&](const SnapshotOptions& options) {
    SmallTraining training(directory.path(), Iterations(3));
    training.trainer->extend(Snapshot(options));
    training.trainer->run();
  };
  run({.trigger = Iterations(1), .n_retains = 2});
  CHECK(snapshots_in(directory.path()) == 2);
  CHECK_THROWS_WITH(
      run({.trigger = Iterations(1), .n_retains = 1}),
      "Snapshot: " + directory / "snapshot_iter_3.npz" +
          " is of an earlier training: remove it, choose another directory, or set .autoload to "
          "resume");
  CHECK(snapshots_in(directory.path()) == 2);
}

TEST_CASE("add_state: another model and a counter are part of the snapshot") {
  const ScratchDirectory directory;
  const auto run = [&](std::int64_t iterations) {
    SmallTraining training(directory.path(), Iterations(iterations));
    SmallNet other;
    std::int64_t calls = 0;
    training.trainer->add_state("other", other);
    training.trainer->add_state("calls", calls);
    training.trainer->extend(
        [&](Trainer&) {
          ++calls;
          Array(other.l1.W.data()).fill(static_cast<double>(calls));
        },
        {.trigger = Iterations(1)});
    training.trainer->extend(Snapshot({.trigger = Iterations(1), .autoload = true}));
    training.trainer->run();
    return std::pair(calls, other.l1.W.data().to_vector<double>()[0]);
  };
  CHECK(run(3) == std::pair<std::int64_t, double>(3, 3));
  CHECK(run(5) == std::pair<std::int64_t, double>(5, 5));
}

TEST_CASE("a snapshot of another training is an error, and changes nothing") {
  const ScratchDirectory directory;
  {
    SmallTraining training(directory.path(), Iterations(2));
    training.trainer->extend(Snapshot({.trigger = Iterations(1), .n_retains = 1}));
    training.trainer->run();
    CHECK(snapshots_in(directory.path()) == 1);
  }
  const std::string file = directory / "snapshot_iter_2.npz: ";

  SmallTraining more(directory.path(), Iterations(2));
  more.trainer->extend(Snapshot({.autoload = true}));
  more.trainer->extend(LogReport());
  CHECK_THROWS_WITH(more.trainer->run(), ContainsSubstring("extensions/LogReport"));

  // Another model.
  struct Other : Chain {
    Linear l1 = link("l1", Linear(4, 5));
    Variable operator()(const Variable& x) const { return l1(x); }
  } other;
  Adam optimizer;
  optimizer.setup(other);
  const std::vector<double> before = parameters_of(other);
  Trainer trainer(Updater(Minibatches(two_classes(), {.batch_size = 8, .seed = 3}), optimizer,
                          [&](const Array& x, const Array& t) { return softmax_cross_entropy(other(x), t); }),
                  {.stop = Iterations(2), .out = directory.path()});
  trainer.extend(Snapshot({.trigger = Iterations(1), .n_retains = 1, .autoload = true}));
  CHECK_THROWS_WITH(
      trainer.run(),
      file +
          "model/l1/W: expected float32(5, 4), got float32(8, 4); to start anew, remove the snapshot "
          "or choose another directory (TrainerOptions::out); to resume, model, optimizer, data and "
          "extensions must be those that wrote it");
  CHECK(parameters_of(other) == before);
  CHECK(trainer.iteration() == 0);

  write_bytes(directory / "snapshot_iter_10.npz", "damaged");  // the latest one, by its number
  CHECK_THROWS_WITH(trainer.run(), ContainsSubstring("snapshot_iter_10.npz: "));
}

TEST_CASE("SIGINT and SIGTERM: the iteration ends, the state is saved, and the error says how to go on") {
  struct sigaction before = {};
  sigaction(SIGTERM, nullptr, &before);
  for (const int signal : {SIGINT, SIGTERM}) {
    const ScratchDirectory directory;
    const auto run = [&](std::int64_t signal_at, bool autoload) {
      SmallTraining training(directory.path(), Iterations(9));
      training.trainer->extend(Snapshot({.autoload = autoload}));
      training.trainer->extend(
          [&](Trainer& trainer) {
            if (trainer.iteration() == signal_at) std::raise(signal);
          },
          {.name = "signal", .trigger = Iterations(1)});
      training.trainer->run();
      return parameters_of(training.model);
    };
    const std::string name = signal == SIGINT ? "SIGINT" : "SIGTERM";
    CHECK_THROWS_WITH(run(3, false), "Trainer: interrupted by " + name +
                                         " after iteration 3; the state is in " +
                                         directory / "snapshot_iter_3.npz" +
                                         ": to continue, run it with Snapshot({.autoload = true})");
    CHECK_THROWS_WITH(run(5, true),
                      "Trainer: interrupted by " + name + " after iteration 5; the state is in " +
                          directory / "snapshot_iter_5.npz" + ": run the program again to continue");
    CHECK_THROWS_AS(run(9, true), TrainingInterrupted);  // also in the last iteration
    const std::vector<double> resumed = run(0, true);
    const ScratchDirectory straight;
    SmallTraining training(straight.path(), Iterations(9));
    training.trainer->run();
    CHECK(resumed == parameters_of(training.model));
  }
  struct sigaction now = {};
  sigaction(SIGTERM, nullptr, &now);
  CHECK(now.sa_handler == before.sa_handler);
}

TEST_CASE("on_error saves the state for a look; it is not resumed from") {
  const ScratchDirectory directory;
  const auto run = [&](bool fails) {
    SmallTraining training(directory.path(), Iterations(4));
    training.trainer->extend(Snapshot({.trigger = Iterations(2), .autoload = true, .on_error = true}));
    training.trainer->extend(
        [&](Trainer& trainer) {
          if (fails && trainer.iteration() == 3) throw Error("the loss is nan");
        },
        {.name = "fail", .trigger = Iterations(1)});
    training.trainer->run();
    return training.trainer->iteration();
  };
  CHECK_THROWS_WITH(run(true), "the loss is nan");
  CHECK(NpzReader(directory / "error_iter_3.npz").contains("model/l1/W"));
  CHECK(run(false) == 4);
}

TEST_CASE("a result directory that cannot be made or written") {
  const ScratchDirectory directory;
  write_bytes(directory / "file", "");
  SmallTraining below_a_file(directory / "file/result", Iterations(2));
  below_a_file.trainer->extend(LogReport());
  CHECK_THROWS_WITH(below_a_file.trainer->run(),
                    ContainsSubstring("Trainer: " + directory / "file/result" + ": "));

  std::filesystem::create_directories(directory / "result/log");  // a directory where a file should be
  SmallTraining unwritable(directory / "result", Iterations(2));
  unwritable.trainer->extend(LogReport());
  CHECK_THROWS_WITH(unwritable.trainer->run(), ContainsSubstring("result/log: "));
  CHECK(unwritable.trainer->iteration() == 0);  // before the first step
}

TEST_CASE("a full disk: the error names the file, and the older snapshot is whole") {
  if (!std::filesystem::exists("/dev/full")) return;
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Iterations(4));
  training.trainer->extend(Snapshot({.trigger = Iterations(2), .n_retains = 1, .autoload = true}));
  training.trainer->extend(
      [&](Trainer& trainer) {
        if (trainer.iteration() == 3)
          std::filesystem::create_symlink("/dev/full", directory / "snapshot_iter_4.npz");
      },
      {.name = "fill", .trigger = Iterations(1)});
  CHECK_THROWS_WITH(training.trainer->run(), ContainsSubstring("snapshot_iter_4.npz: "));
  CHECK(NpzReader(directory / "snapshot_iter_2.npz").contains("model/l1/W"));
}
