// The extensions that show a training: progress, plots, statistics, its graph, values that are no numbers.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/memory_use.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/tests/training/small_training.h"
#include "tenbin/training/detail/array_statistics.h"
#include "tenbin/training/detail/terminal.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// A training without learning: iteration i reports the loss 1 / i; an epoch has 10 iterations.
struct Counted {
  explicit Counted(const std::string& out, Trigger stop) {
    optimizer.setup(model);
    trainer = std::make_unique<Trainer>(
        Updater(Minibatches(two_classes(20), {.batch_size = 2, .shuffle = false}), optimizer,
                [this](const Array&, const Array&) {
                  report("loss", 1.0 / static_cast<double>(++iterations));
                  if (at_iteration) at_iteration(iterations);
                }),
        TrainerOptions{std::move(stop), out});
  }

  std::int64_t iterations = 0;
  std::function<void(std::int64_t)> at_iteration;
  SmallNet model;
  SGD optimizer;
  std::unique_ptr<Trainer> trainer;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// Sets a variable of the environment, or removes it (null), for a scope.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    const char* const old = std::getenv(name);
    if (old != nullptr) old_ = old;
    set(value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { set(old_ ? old_->c_str() : nullptr); }

 private:
  void set(const char* value) { value == nullptr ? ::unsetenv(name_) : ::setenv(name_, value, 1); }

  const char* name_;
  std::optional<std::string> old_;
};

// A clock that advances by a step whenever it is read.
std::function<double()> clock_of(double step) {
  return [now = 100.0, step]() mutable { return now += step; };
}

// What ProgressBar writes in a training of two epochs and a half, for a terminal of that width.
std::string shown(std::size_t columns, double step, Trigger stop = Iterations(25)) {
  const ScratchDirectory directory;
  Counted training(directory.path(), std::move(stop));
  std::ostringstream out;
  training.trainer->extend(ProgressBar(out, columns, clock_of(step)));
  training.trainer->run();
  return out.str();
}

// The last of the drawings.
std::string last_drawing(const std::string& text) {
  const std::size_t end = text.rfind("\033[J");
  const std::size_t begin = text.rfind("\033[J", end - 1);
  return text.substr(begin, end - begin);
}

}  // namespace

TEST_CASE("ProgressBar on a terminal: Chainer's lines, the loss, redrawn ten times a second") {
  // A step takes 0.03 s: every fourth is drawn.
  const std::string text = shown(80, 0.03);
  CHECK(count(text, "iter,") == 7);
  CHECK(text.substr(0, text.find("\033[4A")) ==
        "\033[J     total [##................................................]  4.00%\n"
        "this epoch [#####.............................................] 10.00%\n"
        "         1 iter, 0 epoch / 2.5 epochs       main/loss 1\n"
        "    33.333 iters/sec. Estimated time to finish: 0:00:01.\n");
  CHECK(last_drawing(text) ==
        "\033[J     total [##################################################] 100.00%\n"
        "this epoch [#########################.........................] 50.00%\n"
        "        25 iter, 2 epoch / 2.5 epochs       main/loss 0.04\n"
        "    33.333 iters/sec. Estimated time to finish: 0:00:00.\n"
        "\033[4A");
  CHECK(text.substr(text.size() - 7) == "\033[4A\033[J");  // nothing is left
}

TEST_CASE("ProgressBar on narrow and wide terminals") {
  for (const std::size_t columns : {1, 5, 20, 30, 31, 40, 60, 79, 80, 200}) {
    CAPTURE(columns);
    const std::string text = last_drawing(shown(columns, 0.2));
    std::istringstream lines(text.substr(3));
    std::string line;
    while (std::getline(lines, line))
      if (line.rfind("\033", 0) != 0) CHECK(line.size() < columns);
    CHECK(count(text, "\n") == 4);
    if (columns >= 30) CHECK_THAT(text, ContainsSubstring("loss 0.04"));
    if (columns >= 50) CHECK_THAT(text, ContainsSubstring("2 epoch / 2.5 epochs"));
  }
  CHECK(last_drawing(shown(40, 0.2)) ==
        "\033[J     total [##################] 100.00%\n"
        "this epoch [#########.........] 50.00%\n"
        "loss 0.04, epoch 2/2.5, 25 iter\n"
        "5 iters/sec. Left: 0:00:00.\n"
        "\033[4A");
  CHECK(last_drawing(shown(30, 0.2)) ==
        "\033[J[###################] 100.00%\n"
        "[#########..........] 50.00%\n"
        "loss 0.04, epoch 2/2.5, 25 it\n"
        "5 iters/sec. Left: 0:00:00.\n"
        "\033[4A");
  // A trigger that does not know how far the training is.
  const auto at_25 = [](const Trainer& trainer) { return trainer.iteration() == 25; };
  CHECK(last_drawing(shown(80, 0.2, at_25)) ==
        "\033[Jthis epoch [#########################.........................] 50.00%\n"
        "        25 iter, 2 epoch                    main/loss 0.04\n"
        "         5 iters/sec.\n"
        "\033[3A");
}

TEST_CASE("ProgressBar in a file: a line for each tenth, or each epoch") {
  CHECK(shown(0, 1, Iterations(20)) ==
        "10% iter 2, epoch 0/2, main/loss 0.5, 2 iters/sec, 0:00:09 left\n"
        "20% iter 4, epoch 0/2, main/loss 0.25, 2 iters/sec, 0:00:08 left\n"
        "30% iter 6, epoch 0/2, main/loss 0.166667, 2 iters/sec, 0:00:07 left\n"
        "40% iter 8, epoch 0/2, main/loss 0.125, 2 iters/sec, 0:00:06 left\n"
        "50% iter 10, epoch 1/2, main/loss 0.1, 2 iters/sec, 0:00:05 left\n"
        "60% iter 12, epoch 1/2, main/loss 0.0833333, 2 iters/sec, 0:00:04 left\n"
        "70% iter 14, epoch 1/2, main/loss 0.0714286, 2 iters/sec, 0:00:03 left\n"
        "80% iter 16, epoch 1/2, main/loss 0.0625, 2 iters/sec, 0:00:02 left\n"
        "90% iter 18, epoch 1/2, main/loss 0.0555556, 2 iters/sec, 0:00:01 left\n"
        "100% iter 20, epoch 2/2, main/loss 0.05, 2 iters/sec\n");
  CHECK(shown(0, 86400 * 3.7, Iterations(2)) ==
        "50% iter 1, epoch 0/0.2, main/loss 1, 3.128e-06 iters/sec, 3 days, 16:48:00 left\n"
        "100% iter 2, epoch 0/0.2, main/loss 0.5, 3.128e-06 iters/sec\n");
  const auto at_25 = [](const Trainer& trainer) { return trainer.iteration() == 25; };
  CHECK(shown(0, 1, at_25) ==
        "iter 10, epoch 1, main/loss 0.1, 10 iters/sec\n"
        "iter 20, epoch 2, main/loss 0.05, 10 iters/sec\n");
  CHECK_THROWS_WITH(ProgressBar(-1), "ProgressBar: interval must be >= 0, got -1");
}

TEST_CASE("a terminal is one that can erase lines, unless the environment asks for plain text") {
  const int main = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(main >= 0);
  REQUIRE(::grantpt(main) == 0);
  REQUIRE(::unlockpt(main) == 0);
  const int terminal = ::open(::ptsname(main), O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  const Environment color("NO_COLOR", nullptr);
  const Environment term("TERM", "xterm");
  CHECK(detail::terminal_columns(terminal) == 80);  // its size is not known
  winsize size{};
  size.ws_col = 123;
  REQUIRE(::ioctl(terminal, TIOCSWINSZ, &size) == 0);
  CHECK(detail::terminal_columns(terminal) == 123);
  {
    const Environment no_color("NO_COLOR", "1");
    CHECK(detail::terminal_columns(terminal) == 0);
  }
  {
    const Environment empty("NO_COLOR", "");
    CHECK(detail::terminal_columns(terminal) == 123);
  }
  for (const char* name : {"dumb", static_cast<const char*>(nullptr)}) {
    const Environment other("TERM", name);
    CHECK(detail::terminal_columns(terminal) == 0);
  }
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  CHECK(detail::terminal_columns(ends[1]) == 0);
  for (const int descriptor : {ends[0], ends[1], terminal, main}) ::close(descriptor);
}

TEST_CASE("statistics of one element, of NaN and of infinities") {
  const auto one = detail::statistics_of(Array{{3.f}}, {0, 50, 100});
  CHECK(one.mean == 3);
  CHECK(one.std == 0);
  CHECK(one.percentiles == std::vector<double>{3, 3, 3});
  const auto none = detail::statistics_of(Array{0.0, not_a_number}, {50});
  CHECK(none.zeros == 1);
  for (const double value : {none.mean, none.std, none.min, none.max, none.percentiles[0]})
    CHECK(std::isnan(value));
  const auto far = detail::statistics_of(Array{-infinity, 1.0, 2.0, infinity}, {0, 50, 100});
  CHECK(far.percentiles == std::vector<double>{-infinity, 1.5, infinity});
  CHECK(far.min == -infinity);
  // numpy.percentile([1, 2, 4, 8, 16], [10, 50, 90])
  CHECK(detail::statistics_of(Array{16.0, 1.0, 8.0, 2.0, 4.0}, {10, 50, 90}).percentiles[0] == Approx(1.4));
  CHECK(detail::statistics_of(Array{16.0, 1.0, 8.0, 2.0, 4.0}, {10, 50, 90}).percentiles[2] == Approx(12.8));
}

TEST_CASE("a steady step of a trainer with a progress bar allocates nothing, drawn or not") {
  const ScratchDirectory directory;
  Counted training(directory.path(), Iterations(60));
  std::ostringstream out;
  out.str(std::string(100000, ' '));  // the stream's own memory is not the bar's
  out.seekp(0);
  training.trainer->extend(ProgressBar(out, 80, clock_of(0.06)));
  std::size_t before = 0;
  std::size_t after = 0;
  training.at_iteration = [&](std::int64_t iteration) {
    if (iteration == 30) before = allocation_count();
    if (iteration == 60) after = allocation_count();
  };
  training.trainer->run();
  CHECK(after == before);
}

TEST_CASE("PlotReport draws the rows of the log") {
  const ScratchDirectory directory;
  Counted training(directory.path(), Epochs(3));
  training.trainer->extend(LogReport({.trigger = Iterations(5)}));
  training.trainer->extend([](Trainer& trainer) { trainer.observation().set("validation/q", 2); },
                           {.trigger = Epochs(1), .priority = Priority::writer, .reports = {"validation/q"}});
  training.trainer->extend(
      PlotReport({"main/loss", "validation/q"}, {.file = "loss.svg", .x = "iteration", .title = "Loss"}));
  training.trainer->run();
  const std::string svg = read_bytes(directory / "loss.svg");
  CHECK_THAT(svg, ContainsSubstring("<title>Loss</title>"));
  CHECK_THAT(svg, ContainsSubstring("Line chart over iteration. main/loss: 6 points, from 0.456667 to "));
  // Evaluated in every second row: three points between gaps.
  CHECK_THAT(svg, ContainsSubstring("validation/q: 3 points, from 2 to 2, smallest 2, largest 2."));
  CHECK(count(svg, "<circle class=\"d1\"") == 3);

  // Training ends within an epoch: the last row is drawn, too.
  Counted shorter(directory / "shorter", Iterations(15));
  shorter.trainer->extend(LogReport({.trigger = Iterations(5)}));
  shorter.trainer->extend(PlotReport({"main/loss"}));
  shorter.trainer->run();
  CHECK_THAT(read_bytes(directory / "shorter/plot.svg"), ContainsSubstring("main/loss: 3 points"));
}

TEST_CASE("PlotReport refuses keys that nobody reports") {
  const ScratchDirectory directory;
  const auto error_of = [&](std::vector<std::string> keys, const std::string& x) {
    Counted training(directory.path(), Epochs(1));
    training.trainer->extend(PlotReport(std::move(keys), {.x = x}));
    try {
      training.trainer->run();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string known = "; there are epoch, iteration, elapsed_time, main/loss";
  CHECK(error_of({"main/loss", "main/lss"}, "epoch") ==
        "PlotReport: no value has been reported as 'main/lss'" + known);
  CHECK(error_of({"main/loss"}, "epochs") == "PlotReport: no value has been reported as 'epochs'" + known);
  CHECK(error_of({"main/loss"}, "epoch").empty());
  CHECK_THROWS_WITH(PlotReport({}), "PlotReport: expected the keys of the lines, got no key");
}

TEST_CASE("ParameterStatistics reports Chainer's keys") {
  const ScratchDirectory directory;
  Counted training(directory.path(), Epochs(1));
  training.model.l2.b.set_data(Array{0.f, 4.f});
  training.model.l2.b.set_grad(Array{0.f, 0.f});
  training.trainer->extend(
      ParameterStatistics({.parameters = {"l2/b", "l1/W"}, .percentiles = {0, 25, 100}, .prefix = "model"}));
  std::vector<std::string> seen;
  training.trainer->extend([&](Trainer& trainer) {
    trainer.observation().for_each([&](const Observation::Entry& entry) {
      if (entry.key.find("l2/b") != std::string::npos)
        seen.push_back(entry.key + " " + std::to_string(entry.read()).substr(0, 4));
    });
    CHECK(trainer.observation().get("model/l1/W/data/sparsity") == 0);
    CHECK_FALSE(trainer.observation().get("model/l1/W/grad/mean"));  // no gradient: no key
    CHECK_FALSE(trainer.observation().get("model/l2/W/data/mean"));  // not chosen
  });
  training.trainer->run();
  CHECK(seen == std::vector<std::string>{
                    "model/l2/b/data/mean 2.00", "model/l2/b/data/std 2.00", "model/l2/b/data/min 0.00",
                    "model/l2/b/data/max 4.00", "model/l2/b/data/zeros 1.00", "model/l2/b/data/sparsity 0.50",
                    "model/l2/b/data/percentile/0 0.00", "model/l2/b/data/percentile/1 1.00",
                    "model/l2/b/data/percentile/2 4.00", "model/l2/b/grad/mean 0.00",
                    "model/l2/b/grad/std 0.00", "model/l2/b/grad/min 0.00", "model/l2/b/grad/max 0.00",
                    "model/l2/b/grad/zeros 2.00", "model/l2/b/grad/sparsity 1.00",
                    "model/l2/b/grad/percentile/0 0.00", "model/l2/b/grad/percentile/1 0.00",
                    "model/l2/b/grad/percentile/2 0.00"});
  CHECK_THROWS_WITH(ParameterStatistics({.percentiles = {101}}),
                    "ParameterStatistics: percentiles must be in [0, 100], got 101");
  Counted other(directory.path(), Epochs(1));
  other.trainer->extend(ParameterStatistics({.parameters = {"l9/W"}}));
  CHECK_THROWS_WITH(other.trainer->run(),
                    "ParameterStatistics: no parameter 'l9/W'; there are l1/W, l1/b, l2/W, l2/b");
}

TEST_CASE("VariableStatistics draws a chart for each parameter, and resumes") {
  const ScratchDirectory directory;
  const auto run = [&](std::int64_t epochs) {
    Counted training(directory.path(), Epochs(static_cast<double>(epochs)));
    for (const Parameter& parameter : training.model.params()) {
      Array data = parameter.data();
      data.fill(0.5);
    }
    training.trainer->extend(VariableStatistics({"l1/W", "l2/b"}));
    training.trainer->extend(Snapshot({.autoload = true}));
    training.trainer->run();
    return read_bytes(directory / "statistics.svg");
  };
  run(2);
  const std::string svg = run(3);  // from the snapshot of the second epoch
  CHECK_THAT(svg, ContainsSubstring("<title>l1/W, l2/b</title>"));
  CHECK(count(svg, "mean: 3 points, from 0.5 to 0.5") == 2);
  CHECK(count(svg, "class=\"area a0\"") == 4);
  Counted other(directory.path(), Epochs(1));
  other.trainer->extend(VariableStatistics({"l1"}));
  CHECK_THROWS_WITH(other.trainer->run(),
                    "VariableStatistics: no parameter 'l1'; there are l1/W, l1/b, l2/W, l2/b");
}

TEST_CASE("DumpGraph writes the graph of the first loss, once") {
  const ScratchDirectory directory;
  SmallTraining training(directory.path(), Iterations(2));
  training.trainer->extend(DumpGraph());
  training.trainer->run();
  const std::string dot = read_bytes(directory / "graph.dot");
  CHECK_THAT(dot, ContainsSubstring("[shape=box, label=\"softmax_cross_entropy\"]"));
  CHECK_THAT(dot, ContainsSubstring("label=\"l1/W\\nfloat32(8, 4)\""));
  CHECK(count(dot, "label=\"linear\"") == 2);

  // The bits are those of a training without it.
  SmallTraining plain(directory / "plain", Iterations(2));
  plain.trainer->run();
  CHECK(parameters_of(plain.model) == parameters_of(training.model));

  Counted other(directory / "other", Epochs(1));
  other.trainer->extend(DumpGraph());
  CHECK_THROWS_WITH(other.trainer->run(),
                    "DumpGraph: the loss function returns no loss, whose graph could be written");
}

TEST_CASE("FailOnNonNumber names the parameter before anything is saved", "[gpu]") {
  on_every_device([](Device device) {
    for (const auto& [value, text] :
         {std::pair(infinity, "inf"), {-infinity, "-inf"}, {not_a_number, "nan"}}) {
      const ScratchDirectory directory;
      Counted training(directory.path(), Iterations(15));
      training.model.to(device);
      training.at_iteration = [&, bad = value](std::int64_t iteration) {
        if (iteration != 12) return;
        Array weights = Array::zeros({2, 8});
        weights.data<float>()[11] = static_cast<float>(bad);
        training.model.l2.W.set_data(weights.to(device));
      };
      training.trainer->extend(Snapshot({.trigger = Iterations(6)}));
      training.trainer->extend(FailOnNonNumber());
      CHECK_THROWS_WITH(training.trainer->run(), "FailOnNonNumber: l2/W[1, 3] is " + std::string(text) +
                                                     " after iteration 12, in epoch 1");
      CHECK(directory.count() == 1);  // the snapshot of iteration 6
    }
  });
}

TEST_CASE("observe_value and MemoryReport report values that a table can show") {
  const ScratchDirectory directory;
  Counted training(directory.path(), Epochs(2));
  training.trainer->extend(observe_value("rate", [&](Trainer&) { return training.optimizer.hyperparam.lr; }));
  training.trainer->extend(observe_lr());
  training.trainer->extend(MemoryReport());
  std::ostringstream table;
  training.trainer->extend(PrintReport({"epoch", "rate", "lr", "memory/peak_MiB"}, table));
  training.trainer->run();
  CHECK_THAT(table.str(), ContainsSubstring("\n1           0.01        0.01        "));
  const LogReport& log = *training.trainer->find<LogReport>();
  CHECK(*value_of(log.rows()[1], "memory/peak_MiB") >= 1);
  CHECK(*value_of(log.rows()[1], "memory/peak_MiB") <= peak_memory() / (1024 * 1024));
}
