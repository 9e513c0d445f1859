// A training process is killed by SIGKILL at random moments, some of them while a snapshot is written, and
// started again, until it ends: it must leave what a process leaves that is not killed.
//
//   kill_and_resume [KILLS [SEED]]     kills that many processes: 12 by default
//   kill_and_resume run DIRECTORY      the training itself
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tenbin/tenbin.h"
#include "tenbin/tests/training/small_training.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace fs = std::filesystem;

namespace {

// The training: everything that decides how it goes on.
void run(const std::string& directory) {
  random::seed(1);
  const Dataset train = two_classes(120);
  SmallNet model;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  optimizer.add_hook(GradientNoise(1e-3));
  optimizer.group("*/b", {.alpha = 0.02}).add_hook(GradientClipping(1));
  Trainer trainer(Updater(Prefetch(Minibatches(train, {.batch_size = 8})), optimizer,
                          [&](const Array& x, const Array& t) {
                            const Variable y = model(x);
                            report("accuracy", accuracy(y.data(), t));
                            return softmax_cross_entropy(y, t);
                          },
                          {.accumulate = 2}),
                  {.stop = Epochs(8), .out = directory});
  trainer.extend(Evaluator(two_classes(40, 8), [&](const Variable& x) { return softmax(model(x)); },
                           {{"ap", average_precision_score}}));
  trainer.extend(LogReport({.trigger = Iterations(5), .csv = "log.csv"}));
  trainer.extend(PrintReport({"epoch", "iteration", "main/loss", "main/accuracy", "validation/main/ap"}));
  trainer.extend(
      LearningRateSchedule(schedules::warm_up(10, schedules::cosine(60)), {.unit = TimeUnit::iterations}));
  trainer.extend(KeepBest(model, "validation/main/ap"));
  trainer.extend(EarlyStopping("validation/main/ap", {.patience = 4, .restore_best = true}));
  trainer.extend(Snapshot({.trigger = Iterations(3), .n_retains = 2, .autoload = true}));
  trainer.run();
  std::cout << "iteration " << trainer.iteration() << ' ' << trainer.stop_reason() << "\nweights " << std::hex
            << hash_of(model) << '\n';
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string without_column(const std::string& csv, const std::string& name) {
  std::istringstream lines(csv);
  std::string kept;
  std::ptrdiff_t column = -1;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
    if (column < 0) column = std::find(fields.begin(), fields.end(), name) - fields.begin();
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (static_cast<std::ptrdiff_t>(i) != column) kept += fields[i] + ',';
    kept += '\n';
  }
  return kept;
}

// The files of a directory, and what was printed, without the seconds.
std::map<std::string, std::string> left_in(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    std::string content = name.rfind("snapshot_iter_", 0) == 0 ? "" : read(entry.path());
    if (name == "log") content = std::regex_replace(content, std::regex("\"elapsed_time\": [^\n]*"), "");
    if (name == "log.csv") content = without_column(content, "elapsed_time");
    files[name] = content;
  }
  return files;
}

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "kill_and_resume: " << what << '\n';
  std::exit(1);
}

// Starts the training, kills it after a while if that is not 0, and returns whether it has ended by itself.
bool start(const char* program, const fs::path& directory, std::chrono::microseconds kill_after) {
  const fs::path out = directory / "printed";
  const pid_t child = ::fork();
  if (child < 0) fail("cannot fork");
  if (child == 0) {
    const int file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || ::dup2(file, STDOUT_FILENO) < 0) std::_Exit(2);
    ::execl(program, program, "run", directory.c_str(), static_cast<char*>(nullptr));
    std::_Exit(2);
  }
  if (kill_after.count() > 0) {
    std::this_thread::sleep_for(kill_after);
    ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return false;
  fail("the training has failed: " + directory.string());
}

struct Counts {
  int killed = 0;
  int before_a_snapshot = 0;
  int while_writing = 0;  // a temporary file was left
};

void count_kill(const fs::path& directory, Counts& counts) {
  ++counts.killed;
  bool has_snapshot = false, is_writing = false;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    is_writing = is_writing || name.find(".tmp-") != std::string::npos;
    has_snapshot = has_snapshot || (name.rfind("snapshot_iter_", 0) == 0 && !is_writing);
  }
  counts.before_a_snapshot += has_snapshot ? 0 : 1;
  counts.while_writing += is_writing ? 1 : 0;
}

int kill_and_compare(const char* program, int kills, std::uint64_t seed) {
  std::string name = (fs::temp_directory_path() / "tenbin-kill-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail("cannot make a directory");
  const fs::path root = name;
  const auto begin = std::chrono::steady_clock::now();
  fs::create_directory(root / "straight");
  start(program, root / "straight", std::chrono::microseconds(0));
  const auto duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  const auto expected = left_in(root / "straight");

  random::Generator random(seed);
  Counts counts;
  int runs = 0;
  while (counts.killed < kills) {
    const fs::path directory = root / std::to_string(runs++);
    fs::create_directory(directory);
    const auto moment = [&] {
      return std::chrono::microseconds(1 + random.integer(static_cast<std::uint64_t>(duration.count())));
    };
    while (!start(program, directory, counts.killed < kills ? moment() : std::chrono::microseconds(0)))
      count_kill(directory, counts);
    const auto left = left_in(directory);
    if (left != expected) {
      for (const auto& [file, content] : expected)
        if (left.count(file) == 0 || left.at(file) != content) std::cerr << "differs: " << file << '\n';
      for (const auto& file : left)
        if (expected.count(file.first) == 0) std::cerr << "besides: " << file.first << '\n';
      fail("run " + std::to_string(runs) + " differs from the straight one: " + directory.string());
    }
  }
  std::cout << read(root / "straight" / "printed") << counts.killed << " kills, " << counts.before_a_snapshot
            << " of them before the first snapshot, " << counts.while_writing << " while a file was written; "
            << runs
            << " runs that were killed and resumed have the weights, log, table and best model of the "
               "straight one\n";
  fs::remove_all(root);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "run") {
    run(argv[2]);
    return 0;
  }
  return kill_and_compare(argv[0], argc > 1 ? std::atoi(argv[1]) : 12,
                          argc > 2 ? static_cast<std::uint64_t>(std::atoi(argv[2])) : 1);
}
