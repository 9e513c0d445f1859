// Checkpoint: what is saved is resumed with the same bits, and an error changes nothing.
#include "tenbin/training/checkpoint.h"

#include <sys/resource.h>

#include <csignal>
#include <limits>

#include "tenbin/datasets/batch_source.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/functions/noise/dropout.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/preprocessing/standard_scaler.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct MLP : Chain {
  explicit MLP(std::size_t hidden = 8) : hidden_size(hidden) {}
  std::size_t hidden_size;
  Linear l1 = link("l1", Linear(hidden_size));
  Linear l2 = link("l2", Linear(3));
  Variable operator()(const Variable& x) const { return l2(dropout(relu(l1(x)))); }
};

Dataset sample() {
  random::Generator rng(3);
  const Array x = rng.normal({40, 5});
  Array t = Array::empty({40}, Dtype::int32);
  for (std::size_t i = 0; i < 40; ++i) t.data<std::int32_t>()[i] = static_cast<std::int32_t>(rng.integer(3));
  return {x, t};
}

// A training whose parts are all kinds of parts.
struct Training {
  explicit Training(std::size_t hidden = 8) : model(hidden) {
    optimizer.setup(model);
    checkpoint.add("model", model).add("optimizer", optimizer).add("batches", *batches);
    checkpoint.add("random", random::default_generator()).add("best", best).add("losses", losses);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      const Arrays batch = batches->next();
      model.cleargrads();
      const Variable loss = softmax_cross_entropy(model(Variable(batch[0])), batch[1]);
      Variable(loss).backward();
      optimizer.update();
      optimizer.hyperparam.alpha *= 0.9;
      losses.push_back(loss.data().item());
      best = std::min(best, losses.back());
    }
  }

  std::vector<std::vector<double>> state() {
    std::vector<std::vector<double>> all{losses, {best, optimizer.hyperparam.alpha}};
    for (const auto& [key, array] : model.state_arrays())
      all.push_back(array ? values(array) : std::vector<double>{-1});
    for (const auto& [key, array] : optimizer.state_arrays()) all.push_back(values(array));
    for (const auto& [key, array] : batches->save_state()) all.push_back(values(array));
    all.push_back({static_cast<double>(random::default_generator().position())});
    return all;
  }

  MLP model;
  Adam optimizer;
  std::unique_ptr<BatchSource> batches = batch_source(Minibatches(sample(), {.batch_size = 16}));
  double best = std::numeric_limits<double>::infinity();
  std::vector<double> losses;
  Checkpoint checkpoint;
};

NamedArrays contents(const std::string& file) {
  const NpzReader reader(file);
  NamedArrays all;
  for (const std::string& key : reader.keys()) all.emplace_back(key, reader.read(key));
  return all;
}

}  // namespace

TEST_CASE("a training that is resumed from a Checkpoint goes on with the same bits") {
  const ScratchDirectory scratch;
  const std::string file = scratch / "run.npz";
  random::seed(1);
  Training straight;
  for (int steps = 0; steps < 5; ++steps) {
    CAPTURE(steps);
    straight.run(1);
    straight.checkpoint.save(file);
    const random::Generator here = random::default_generator();

    random::seed(99);  // a new process has another state, and has not sized its model
    Training resumed;
    resumed.checkpoint.load(file);
    CHECK(resumed.state() == straight.state());
    resumed.run(4);
    const auto after = resumed.state();
    // Loading into a training that has run.
    resumed.checkpoint.load(file);
    resumed.run(4);
    CHECK(resumed.state() == after);

    random::default_generator() = here;
    straight.checkpoint.load(file);
    straight.run(4);
    CHECK(straight.state() == after);
    straight.checkpoint.load(file);
  }
}

TEST_CASE("Checkpoint resumes if there is a file, and leaves no temporary files") {
  const ScratchDirectory scratch;
  const std::string file = scratch / "run.npz";
  write_bytes(file + ".tmp-123456-0", "half a checkpoint of a killed process");
  int epoch = 3;
  Checkpoint checkpoint(file);
  CHECK(checkpoint.path() == file);
  checkpoint.add("epoch", epoch);
  CHECK_FALSE(checkpoint.resume());
  CHECK(epoch == 3);
  CHECK(scratch.count() == 0);
  checkpoint.save();
  epoch = 4;
  CHECK(checkpoint.resume());
  CHECK(epoch == 3);
  CHECK(scratch.count() == 1);
  CHECK_THROWS_WITH(Checkpoint().save(), "Checkpoint::save: the Checkpoint has no path");
  CHECK_THROWS_WITH(Checkpoint().resume(), "Checkpoint::resume: the Checkpoint has no path");
  CHECK_THROWS_WITH(checkpoint.load(scratch / "none.npz"),
                    Catch::Matchers::StartsWith((scratch / "none.npz") + ": cannot open"));
}

TEST_CASE("Checkpoint restores values of every kind") {
  const ScratchDirectory scratch;
  const std::string file = scratch / "values.npz";
  struct Values {
    bool yes = true;
    std::int32_t negative = -7;
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::uint64_t most = ~std::uint64_t{0};
    unsigned char byte = 255;
    float third = 1.f / 3;
    double infinite = -std::numeric_limits<double>::infinity();
    std::string text = std::string("a\0\xff\n", 4);
    std::string empty_text;
    std::vector<double> list{0.1, 1e300};
    std::vector<double> empty_list;
    Array array{{1, 2}, {3, 4}};
    random::Generator generator{~std::uint64_t{0} - 1, std::uint64_t{1} << 63};
    StandardScaler scaler = StandardScaler(Array{{1.f, 2.f}, {4.f, 2.f}});

    void add_to(Checkpoint& checkpoint) {
      checkpoint.add("yes", yes).add("negative", negative).add("least", least).add("most", most);
      checkpoint.add("byte", byte).add("third", third).add("infinite", infinite).add("text", text);
      checkpoint.add("empty_text", empty_text).add("list", list).add("empty_list", empty_list);
      checkpoint.add("a/b", array).add("a/generator", generator).add("scaler", scaler);
    }
  } saved, loaded;
  Checkpoint from, to;
  saved.add_to(from);
  from.save(file);
  loaded.yes = false;
  loaded.negative = 0;
  loaded.least = 0;
  loaded.most = 0;
  loaded.byte = 0;
  loaded.third = 0;
  loaded.infinite = 0;
  loaded.text = "x";
  loaded.empty_text = "y";
  loaded.list = {};
  loaded.empty_list = {1};
  loaded.array = Array();
  loaded.generator = random::Generator();
  loaded.scaler = StandardScaler(Array{{5.f, 2.f}, {4.f, 1.f}});
  loaded.add_to(to);
  const LoadReport report = to.load(file);
  CHECK(loaded.yes);
  CHECK(loaded.negative == -7);
  CHECK(loaded.least == saved.least);
  CHECK(loaded.most == saved.most);
  CHECK(loaded.byte == 255);
  CHECK(loaded.third == saved.third);
  CHECK(loaded.infinite == saved.infinite);
  CHECK(loaded.text == saved.text);
  CHECK(loaded.empty_text.empty());
  CHECK(loaded.list == saved.list);
  CHECK(loaded.empty_list.empty());
  CHECK(loaded.array.dtype() == Dtype::int32);
  CHECK(values(loaded.array) == std::vector<double>{1, 2, 3, 4});
  CHECK(loaded.generator.seed() == saved.generator.seed());
  CHECK(loaded.generator.position() == saved.generator.position());
  const Array x{{1.f, 0.f}};
  CHECK(values(loaded.scaler.transform(x)) == values(saved.scaler.transform(x)));
  CHECK(report.missing_keys.empty());
  CHECK(report.unexpected_keys.empty());
  CHECK(report.loaded_keys.size() == NpzReader(file).keys().size());
}

TEST_CASE("Checkpoint keeps models on their device", "[gpu]") {
  on_every_device([](Device device) {
    const ScratchDirectory scratch;
    const std::string file = scratch / "run.npz";
    MLP model;
    model.to(device);
    model(Variable(sample().x.to(device)));
    Adam optimizer;
    optimizer.setup(model);
    Array array = Array::ones({3}, Dtype::float32, device);
    Checkpoint().add("model", model).add("optimizer", optimizer).add("array", array).save(file);
    MLP other;
    other.to(device);
    Adam its_optimizer;
    its_optimizer.setup(other);
    Array other_array = Array::zeros({1}, Dtype::float32, device);
    Checkpoint().add("model", other).add("optimizer", its_optimizer).add("array", other_array).load(file);
    CHECK(other.l1.W.device() == device);
    CHECK(values(other.l1.W.data()) == values(model.l1.W.data()));
    CHECK(other_array.device() == device);
    CHECK(values(other_array) == std::vector<double>{1, 1, 1});
  });
}

TEST_CASE("Checkpoint follows the assignment of another model, as an optimizer does") {
  const ScratchDirectory scratch;
  const std::string file = scratch / "run.npz";
  Training training;
  training.run(1);
  MLP best = copy(training.model);
  training.run(1);
  training.model = copy(best);
  training.checkpoint.save(file);
  CHECK(values(NpzReader(file).read("model/l1/W")) == values(best.l1.W.data()));
  training.run(1);
  CHECK(values(training.model.l1.W.data()) != values(best.l1.W.data()));  // the optimizer follows, too
  training.checkpoint.load(file);
  CHECK(values(training.model.l1.W.data()) == values(best.l1.W.data()));
}

TEST_CASE("an error of a Checkpoint changes nothing, and names the file and the part") {
  const ScratchDirectory scratch;
  const std::string file = scratch / "run.npz", changed = scratch / "changed.npz";
  random::seed(2);
  Training saved;
  saved.run(2);
  saved.checkpoint.save(file);
  const NamedArrays right = contents(file);
  for (const int steps : {0, 1}) {  // an unsized model, a sized one
    Training training;
    training.run(steps);
    const auto before = training.state();
    const auto check = [&](const char* key, const Array& array, const std::string& text) {
      CAPTURE(key, steps);
      NamedArrays all = right;
      for (auto& entry : all)
        if (entry.first == key) entry.second = array;
      all.erase(std::remove_if(all.begin(), all.end(), [](const auto& entry) { return !entry.second; }),
                all.end());
      save_npz(changed, all);
      CHECK_THROWS_WITH(training.checkpoint.load(changed),
                        Catch::Matchers::StartsWith(changed + ": " + text));
      CHECK(training.state() == before);
    };
    check("model/l1/W", Array(), "model/l1/W: there is no such key");
    check("model/l2/b", Array::zeros({4}), "model/l2/b: expected float32(3), got float32(4)");
    check("optimizer/l2/b/m", Array::zeros({4}), "optimizer/l2/b/m: expected float32(3), got float32(4)");
    check("optimizer/l2/W/v", Array(), "optimizer/l2/W/v: there is no such key");
    check("optimizer/rule", Array({'S', 'G', 'D'}, Dtype::uint8), "optimizer/rule: expected Adam");
    check("optimizer/hyperparam/beta1", Array::scalar(2, Dtype::float64),
          "Adam: beta1 must be in [0, 1), got 2");
    check("batches/batch_size", Array::scalar(2, Dtype::int64),
          "batches/batch_size: expected 16, that of the batches, got 2");
    check("random/seed", Array::scalar(2), "random/seed: expected int64(), got float32()");
    check("best/value", Array{1.0}, "best/value: expected float64(), got float64(1)");
    check("losses/value", Array{1}, "losses/value: expected float64 of one axis, got int32(1)");
    check("checkpoint/parts", Array(),
          "not a checkpoint: there is no key checkpoint/parts; the file has model/l1/W");

    save_npz(changed, [&] {
      NamedArrays all = right;
      all.emplace_back("model/l3/W", Array::ones({2}));
      return all;
    }());
    CHECK_THROWS_WITH(training.checkpoint.load(changed), changed + ": no part reads the keys model/l3/W");
    CHECK(training.state() == before);
    // A damaged byte in the data of the last part.
    std::string bytes = read_bytes(file);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_bytes(changed, bytes);
    CHECK_THROWS_WITH(training.checkpoint.load(changed), Catch::Matchers::StartsWith(changed + ": "));
    CHECK(training.state() == before);
    write_bytes(changed, bytes.substr(0, bytes.size() / 2));
    CHECK_THROWS_WITH(training.checkpoint.load(changed), Catch::Matchers::StartsWith(changed + ": "));
    CHECK(training.state() == before);
    // Afterwards it can still be loaded and trained.
    training.checkpoint.load(file);
    CHECK(training.state() == saved.state());
    training.run(1);
    saved.checkpoint.load(file);
    saved.run(1);
    CHECK(training.state() == saved.state());
    saved.checkpoint.load(file);
  }
  Training wider(9);
  const auto before = wider.state();
  CHECK_THROWS_WITH(wider.checkpoint.load(file),
                    file + ": model/l1/W: expected float32(9, ?), got float32(8, 5)");
  CHECK(wider.state() == before);
}

TEST_CASE("a Checkpoint names the parts that a file lacks or has in addition") {
  const ScratchDirectory scratch;
  const std::string file = scratch / "run.npz";
  int one = 1, two = 2, three = 3;
  std::string text = "t";
  Checkpoint().add("one", one).add("two", two).add("log/rows", text).save(file);
  one = two = 0;
  text = "";
  CHECK_THROWS_WITH(Checkpoint().add("one", one).add("three", three).add("four", three).load(file),
                    file + ": the file lacks the parts: three, four; it has: one, two, log/rows");
  CHECK_THROWS_WITH(Checkpoint().add("one", one).load(file),
                    file + ": the file has parts that were not added: log/rows, two");
  CHECK(one == 0);
  Checkpoint tolerant("", {.strict = false});
  const LoadReport report = tolerant.add("one", one).add("three", three).load(file);
  CHECK(one == 1);
  CHECK(two == 0);
  CHECK(three == 3);
  CHECK(report.loaded_keys == std::vector<std::string>{"checkpoint/parts", "one/value"});
  CHECK(report.missing_keys == std::vector<std::string>{"three"});
  CHECK(report.unexpected_keys == std::vector<std::string>{"two/value", "log/rows/value"});
  Checkpoint().save(file);
  CHECK_NOTHROW(Checkpoint().load(file));
}

TEST_CASE("Checkpoint refuses names and values") {
  const ScratchDirectory scratch;
  const std::string file = scratch / "run.npz";
  int number = 300;
  Checkpoint checkpoint;
  checkpoint.add("log", number);
  CHECK_THROWS_WITH(checkpoint.add("log", number), "Checkpoint: the name 'log' is taken");
  CHECK_THROWS_WITH(checkpoint.add("log/rows", number),
                    "Checkpoint: the keys of 'log/rows' and of 'log' overlap");
  CHECK_NOTHROW(checkpoint.add("logs", number));
  CHECK_THROWS_WITH(checkpoint.add("checkpoint", number),
                    "Checkpoint: the name 'checkpoint' is reserved for the list of the parts");
  for (const char* name : {"", "/a", "a/", "a//b", "a\nb"})
    CHECK_THROWS_WITH(
        checkpoint.add(name, number),
        Catch::Matchers::StartsWith("Checkpoint: a name must not be empty, start or end with '/', contain "
                                    "'//', a line break or NUL, got '"));
  MLP model;
  const MLP moved = std::move(model);
  CHECK_THROWS_WITH(checkpoint.add("model", model), "Checkpoint: the link 'model' has been moved from");
  checkpoint.save(file);
  signed char small = 1;
  bool flag = false;
  CHECK_THROWS_WITH(Checkpoint().add("log", small).add("logs", number).load(file),
                    file + ": log/value: the number 300 does not fit into the variable");
  CHECK_THROWS_WITH(Checkpoint().add("log", flag).add("logs", number).load(file),
                    file + ": log/value: the number 300 does not fit into the variable");
  Array none;
  CHECK_THROWS_WITH(Checkpoint().add("array", none).save(file), "Checkpoint: the Array 'array' is empty");
  CHECK_THROWS_WITH(Checkpoint().add("model", moved).save(file),
                    Catch::Matchers::StartsWith(file + ": model/l1/W: the array is empty"));
  SGD optimizer;
  CHECK_THROWS_WITH(Checkpoint().add("optimizer", optimizer).save(file),
                    "SGD: saved before setup, without a model there is no state");
  CHECK_NOTHROW(Checkpoint().add("log", number).add("logs", number).load(file));  // the file is as it was
}

TEST_CASE("a Checkpoint that cannot be written leaves the file as it was") {
  const ScratchDirectory scratch;
  int number = 1;
  CHECK_THROWS_WITH(Checkpoint("/dev/full").add("number", number).save(),
                    "/dev/full: cannot write: not a regular file");
  const std::string file = (scratch / "none") + "/run.npz";
  CHECK_THROWS_WITH(Checkpoint(file).add("number", number).save(),
                    Catch::Matchers::StartsWith(file + ": cannot write"));
  CHECK_FALSE(Checkpoint(file).add("number", number).resume());
  // The disk is full while writing.
  const std::string full = scratch / "run.npz";
  const Checkpoint checkpoint = Checkpoint(full, {.compression = false}).add("number", number);
  checkpoint.save();
  const std::string before = read_bytes(full);
  Array large = Array::zeros({10000});
  struct rlimit limit {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const struct rlimit small { 1000, limit.rlim_max };
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string message;
  try {
    Checkpoint(checkpoint).add("large", large).save();
  } catch (const Error& error) {
    message = error.what();
  }
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(message == full + ": cannot write: File too large");
  CHECK(read_bytes(full) == before);
  CHECK(scratch.count() == 1);
  write_bytes(scratch / "text.npz", "not a zip archive");
  CHECK_THROWS_WITH(Checkpoint(scratch / "text.npz").add("number", number).resume(),
                    Catch::Matchers::StartsWith((scratch / "text.npz") + ": "));
}

template <class Part>
concept CanBeAdded = requires(Checkpoint checkpoint) {
  checkpoint.add("name", Part());
};
static_assert(CanBeAdded<MLP>);  // a handle
static_assert(!CanBeAdded<double>);
static_assert(!CanBeAdded<Array>);
static_assert(!CanBeAdded<random::Generator>);
