// A trainer on several ranks: files are written once, evaluation and decisions are those of all rows.
#include <filesystem>
#include <fstream>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/distributed.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/distributed/parallel_training.h"
#include "tenbin/tests/distributed/thread_ranks.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct Trained {
  std::uint64_t weights = 0;
  std::int64_t iteration = 0;
  std::vector<double> values;
  bool operator==(const Trained& other) const {
    return weights == other.weights && iteration == other.iteration && values == other.values;
  }
};

// Trains for up to 6 epochs of 5 iterations; ends by an error in iteration `fails_at`.
Trained train(const Communicator& comm, const std::string& out, std::int64_t fails_at = 0) {
  random::seed(7);
  const ParallelNet model;
  Adam optimizer({.alpha = 0.02});
  optimizer.setup(model);
  DataParallel parallel(optimizer, comm);
  const auto loss = [&](const Array& x, const Array& t) {
    const Variable y = model(x);
    report("accuracy", accuracy(y.data(), t));
    return softmax_cross_entropy(y, t);
  };
  const ShardedDataset train_data = scatter(comm.is_first() ? three_classes() : Dataset(), comm);
  const ShardedDataset valid = scatter(comm.is_first() ? three_classes(90, 12) : Dataset(), comm);
  Trainer trainer(Updater(batch_source(train_data, {.batch_size = 64}), optimizer, parallel.step(loss)),
                  {.stop = Epochs(6), .out = out, .peers = peers(comm)});
  trainer.extend(evaluator(valid, [&](const Variable& x) { return softmax(model(x)); },
                           {{"accuracy", accuracy}, {"recall", &ConfusionMatrix::recall}},
                           {.loss = loss, .batch_size = 7}));
  std::ostringstream printed;
  trainer.extend(PrintReport({"epoch", "main/loss", "validation/main/accuracy"}, printed, false));
  trainer.extend(LogReport());
  trainer.extend(EarlyStopping("validation/main/loss", {.patience = 2, .restore_best = true}));
  trainer.extend(KeepBest(model, "validation/main/accuracy"));
  trainer.extend(Snapshot({.trigger = Iterations(3), .n_retains = 2, .autoload = true}));
  trainer.extend(
      [&](Trainer& now) {
        if (now.iteration() == fails_at) throw Error("interrupted");
      },
      {.trigger = Iterations(1)});
  trainer.run();
  if (printed.str().empty() == comm.is_first()) throw Error("printed by another rank");
  Trained result{hash_of_state(model), trainer.iteration(), {}};
  trainer.observation().for_each([&](const Observation::Entry& entry) {
    if (entry.key.find("time") == std::string::npos) result.values.push_back(entry.read());
  });
  return result;
}

std::string on_all_ranks_text(std::size_t ranks,
                              const std::function<std::string(const Communicator&)>& program) {
  std::vector<std::string> texts(ranks);
  on_ranks(ranks, [&](const Communicator& comm) { texts[comm.rank()] = program(comm); });
  for (const std::string& text : texts)
    if (text != texts[0]) throw Error("the ranks have different results");
  return texts[0];
}

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("a trainer on ranks has the values, the files and the bits of one process", "[threads]") {
  const ScratchDirectory scratch;
  const Trained alone = train(Communicator(), (scratch / "alone"));
  CHECK(alone.values.size() == 7);
  std::vector<Trained> on_three(3);
  on_ranks(3, [&](const Communicator& comm) { on_three[comm.rank()] = train(comm, (scratch / "three")); });
  for (const Trained& each : on_three) CHECK(each == alone);
  CHECK(files_in((scratch / "three")) == files_in((scratch / "alone")));
}

TEST_CASE("a training that was interrupted goes on with any number of ranks", "[threads]") {
  const ScratchDirectory scratch;
  const Trained straight = train(Communicator(), (scratch / "straight"));
  const auto before = GENERATE(as<std::size_t>(), 1, 4);
  const auto after = GENERATE(as<std::size_t>(), 1, 2, 3);
  const std::string out = scratch / ("resumed-" + std::to_string(before) + std::to_string(after));
  const auto errors = errors_on_ranks(before, [&](const Communicator& comm) { train(comm, out, 11); });
  CHECK(errors[0] == "interrupted");
  std::vector<Trained> resumed(after);
  on_ranks(after, [&](const Communicator& comm) { resumed[comm.rank()] = train(comm, out); });
  for (const Trained& each : resumed) CHECK(each == straight);
  CHECK(files_in(out) == files_in((scratch / "straight")));
}

TEST_CASE("metrics of all rows are exact on any number of ranks", "[threads]") {
  random::seed(7);
  const ParallelNet model(0);
  const Dataset valid = three_classes(90, 12);
  const auto scores = [&](const Variable& x) { return softmax(model(x)); };
  const double expected =
      roc_auc_score(valid.t, predict(scores, valid.x, {}), {.multi_class = MultiClass::ovr});
  ConfusionMatrix matrix(valid.t, predict(scores, valid.x, {}));
  for (const std::size_t ranks : {1u, 2u, 3u})
    on_ranks(ranks, [&](const Communicator& comm) {
      const ShardedDataset data = scatter(comm.is_first() ? valid : Dataset(), comm);
      if (std::abs(roc_auc_score(data.labels(), predict(scores, data), {.multi_class = MultiClass::ovr}) -
                   expected) > 1e-15)
        throw Error("another AUC");
      ConfusionMatrix mine({.n_class = 3});
      for (const detail::Samples& samples : data.local())
        mine.add(samples.arrays[1], predict(scores, samples.arrays[0], {}));
      if (allreduce(comm, mine).counts().to_string() != matrix.counts().to_string())
        throw Error("another matrix");
    });
}

TEST_CASE("a confusion matrix is made of counts") {
  const Array counts = Array({{3, 1}, {0, 2}}, Dtype::int64);
  const ConfusionMatrix matrix = ConfusionMatrix::from_counts(counts);
  CHECK(matrix.counts().to_string() == counts.to_string());
  CHECK(matrix.accuracy() == Approx(5.0 / 6));
  CHECK_THROWS_WITH(ConfusionMatrix::from_counts(Array({1, 2}, Dtype::int64)),
                    "ConfusionMatrix::from_counts: expected int64 or float64 of shape (C, C), got int64(2)");
}

TEST_CASE("a comparison has the same result on any number of ranks, and goes on with another", "[threads]") {
  Array x = random::Generator(3).normal({90, 2});
  std::string csv = "a,b,label\n";
  for (std::size_t i = 0; i < 90; ++i)
    csv += detail::text_of(x.at(i, 0) + (i % 4 == 0 ? 1 : 0), ',', x.at(i, 1), ',',
                           i % 4 == 0 ? "yes\n" : "no\n");
  const ScratchDirectory scratch;
  write_file(scratch / "data.csv", csv);
  const Table table = load_csv(scratch / "data.csv", {.label = "label"});
  const ComparisonMethods methods = standard_methods().select({"plain", "class weights"});
  const auto result_of = [&](const Communicator& comm, const std::string& state, int fails_after) {
    ComparisonOptions options;
    options.folds = 3;
    options.repeats = 1;
    options.network.max_epochs = 2;
    options.n_resamples = 10;
    if (comm.size() > 1) options.peers = peers(comm);
    options.state = state;
    options.state_interval = 0;
    int calls = 0;
    options.progress = [&](const ComparisonProgress&) {
      if (++calls == fails_after) throw Error("interrupted");
    };
    return to_json(compare(table, methods, options));
  };
  const std::string alone = result_of(Communicator(), "", 0);
  CHECK(on_all_ranks_text(3, [&](const Communicator& comm) { return result_of(comm, "", 0); }) == alone);

  const std::string state = scratch / "state.npz";
  const auto errors = errors_on_ranks(3, [&](const Communicator& comm) { result_of(comm, state, 3); });
  CHECK(errors[0] == "interrupted");
  CHECK(std::filesystem::exists(state + ".1"));
  CHECK(result_of(Communicator(), state, 0) == alone);
  CHECK_FALSE(std::filesystem::exists(state + ".1"));  // taken over
  remove_state(state);
  CHECK_FALSE(std::filesystem::exists(state));
}
