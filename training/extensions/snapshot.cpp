#include "tenbin/training/extensions/snapshot.h"

#include <charconv>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "tenbin/core/file.h"
#include "tenbin/training/checkpoint.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

namespace fs = std::filesystem;

constexpr char snapshot_prefix[] = "snapshot_iter_";
constexpr char error_prefix[] = "error_iter_";

// The iteration in the name of a snapshot.
std::optional<std::int64_t> iteration_of(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string prefix = snapshot_prefix, suffix = ".npz";
  if (name.size() <= prefix.size() + suffix.size() || name.compare(0, prefix.size(), prefix) != 0 ||
      name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0)
    return std::nullopt;
  std::int64_t iteration = 0;
  const char* const end = name.data() + name.size() - suffix.size();
  const auto parsed = std::from_chars(name.data() + prefix.size(), end, iteration);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return iteration;
}

std::vector<std::string> paths_in(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    paths.push_back(entry->path().string());
  return paths;
}

// The snapshots by iteration.
std::map<std::int64_t, std::string> snapshots_in(const std::string& directory) {
  std::map<std::int64_t, std::string> found;
  for (const std::string& path : paths_in(directory))
    if (const auto iteration = iteration_of(path)) found.emplace(*iteration, path);
  return found;
}

// Temporary files of snapshots that were being written when a process was killed. OutputFile removes those of
// the path that it writes; a snapshot after a signal may have a path that is not written again.
void remove_stale_temporaries_in(const std::string& directory) {
  for (const std::string& path : paths_in(directory)) {
    const std::string target = path.substr(0, path.rfind(".tmp-"));
    if (target != path && iteration_of(target)) detail::remove_stale_temporaries(target);
  }
}

volatile std::sig_atomic_t caught_signal = 0;

}  // namespace

// Catches the first SIGINT or SIGTERM; after that, both have their default effect. Signals that are ignored,
// as in a job in the background, stay ignored. Of several objects, the first does it.
class Snapshot::Signals {
 public:
  Signals() : is_first_(objects++ == 0) {
    if (!is_first_) return;
    caught_signal = 0;
    struct sigaction action = {};
    action.sa_handler = [](int number) {
      caught_signal = number;
      for (const int each : numbers) std::signal(each, SIG_DFL);
    };
    action.sa_flags = static_cast<int>(SA_RESTART);
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < 2; ++i) {
      sigaction(numbers[i], nullptr, &previous_[i]);
      if (previous_[i].sa_handler != SIG_IGN) sigaction(numbers[i], &action, nullptr);
    }
  }
  ~Signals() {
    --objects;
    if (!is_first_) return;
    for (std::size_t i = 0; i < 2; ++i) sigaction(numbers[i], &previous_[i], nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  static constexpr int numbers[2] = {SIGINT, SIGTERM};
  inline static int objects = 0;

  bool is_first_;
  struct sigaction previous_[2] = {};
};

Snapshot::Snapshot(SnapshotOptions options) : options_(std::move(options)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

void Snapshot::prepare(Trainer& trainer) {
  if (trainer.is_first()) remove_stale_temporaries_in(trainer.out());
  if (trainer.iteration() != 0) return;  // another Snapshot has loaded it
  // The other processes read the file that the first has found.
  const auto found = trainer.is_first() ? snapshots_in(trainer.out()) : std::map<std::int64_t, std::string>();
  const std::string path = trainer.from_first(found.empty() ? "" : found.rbegin()->second);
  if (path.empty()) return;
  if (!options_.autoload)
    throw Error(
        "Snapshot: ", path,
        " is of an earlier training: remove it, choose another directory, or set .autoload to resume");
  if (trainer.is_first()) remove_old(trainer, found.rbegin()->first);
  Checkpoint state;
  trainer.serialize(state);
  try {
    state.load(path);
  } catch (const Error& error) {
    throw Error(error.what(),
                "; to start anew, remove the snapshot or choose another directory (TrainerOptions::out); to "
                "resume, model, optimizer, data and extensions must be those that wrote it");
  }
}

void Snapshot::initialize(Trainer& /*trainer*/) {
  if (options_.on_signal) signals_ = std::make_unique<Signals>();
}

void Snapshot::finalize(Trainer& /*trainer*/) { signals_.reset(); }

bool Snapshot::is_urgent() const { return signals_ != nullptr && caught_signal != 0; }

std::string Snapshot::save(Trainer& trainer, const std::string& prefix) const {
  const std::string path = trainer.path_of(prefix + std::to_string(trainer.iteration()) + ".npz");
  if (!trainer.is_first()) return path;
  Checkpoint state;
  trainer.serialize(state);
  state.save(path);
  return path;
}

void Snapshot::operator()(Trainer& trainer) {
  const std::string path = save(trainer, snapshot_prefix);
  if (trainer.is_first()) remove_old(trainer, trainer.iteration());
  if (!trainer.is_urgent()) return;
  // All processes go on when the first has saved. It may be another one that has caught the signal.
  const std::string signal = trainer.from_first(caught_signal == 0        ? "a signal"
                                                : caught_signal == SIGINT ? "SIGINT"
                                                                          : "SIGTERM");
  throw TrainingInterrupted("Trainer: interrupted by ", signal, " after iteration ", trainer.iteration(),
                            "; the state is in ", path,
                            options_.autoload ? ": run the program again to continue"
                                              : ": to continue, run it with Snapshot({.autoload = true})");
}

// Keeps the last ones of those up to `iteration`.
void Snapshot::remove_old(const Trainer& trainer, std::int64_t iteration) const {
  if (options_.n_retains == 0) return;
  auto found = snapshots_in(trainer.out());
  found.erase(found.upper_bound(iteration), found.end());
  for (; found.size() > options_.n_retains; found.erase(found.begin())) {
    std::error_code ignored;
    fs::remove(found.begin()->second, ignored);
  }
}

void Snapshot::on_error(Trainer& trainer, const std::exception& error) {
  if (!options_.on_error || dynamic_cast<const TrainingInterrupted*>(&error) != nullptr) return;
  save(trainer, error_prefix);
}

}  // namespace tenbin
