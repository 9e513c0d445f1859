// Trainer: runs training steps, and extensions when they are due.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/training/checkpoint.h"
#include "tenbin/training/extension.h"
#include "tenbin/training/peers.h"
#include "tenbin/training/updater.h"

namespace tenbin {

/// Options of Trainer.
struct TrainerOptions {
  Trigger stop = Epochs(20);   ///< when training ends
  std::string out = "result";  ///< the directory of what extensions write; made when it is needed
  /// The processes that run the same training, `peers(comm)` (distributed/). Not set: there are no others.
  std::shared_ptr<Peers> peers = {};
};

/// The training loop, with extensions. (Chainer: `training.Trainer`.)
///
///     Trainer trainer(Updater(batches, optimizer, loss), {.stop = Epochs(40), .out = "result"});
///     trainer.extend(Evaluator(valid, model, {{"ap", average_precision_score}}));
///     trainer.extend(PrintReport({"epoch", "main/loss", "validation/main/ap", "elapsed_time"}));
///     trainer.extend(Snapshot({.n_retains = 2, .autoload = true}));
///     trainer.run();
///
/// An iteration is: the updater's step; then every extension whose trigger fires, by descending priority.
/// What decides how training goes on - model, optimizer, place in the epoch, random streams, the state of
/// triggers and extensions - is in a Snapshot: a run that is killed and started again ends with the same bits
/// as one that is not.
///
/// With `peers`, every process has the same trainer. Extensions run on all of them, but files and output are
/// those of the first: what an extension of your own writes, it writes if `is_first()`. Seconds are
/// those of the first process; a signal to any of them counts for all.
///
/// Threads: the thread that calls `run`. References that `extend` returns are valid as long as the trainer.
class Trainer {
 public:
  explicit Trainer(Updater updater, TrainerOptions options = {});
  Trainer(Trainer&&) noexcept;
  ~Trainer();

  /// Adds an extension, an object of a class derived from Extension or a function of a Trainer&, and returns
  /// the one that is kept. Errors: while the trainer runs.
  template <class E>
  E& extend(E extension, ExtendOptions options = {}) {
    if constexpr (std::is_base_of_v<Extension, E>) {
      auto owned = std::make_unique<E>(std::move(extension));
      E& kept = *owned;
      add(std::move(owned), std::move(options));
      return kept;
    } else {
      static_assert(std::is_invocable_v<E&, Trainer&>,
                    "Trainer::extend: expected an Extension or a function of a Trainer&");
      auto owned = std::make_unique<FunctionExtension<E>>(std::move(extension));
      E& kept = owned->function;
      add(std::move(owned), std::move(options));
      return kept;
    }
  }
  /// The first extension of a class; nullptr if there is none.
  template <class E>
  E* find() const {
    for (Extension* const each : extensions())
      if (auto* const found = dynamic_cast<E*>(each)) return found;
    return nullptr;
  }

  /// Trains until the stop trigger fires or an extension calls `stop`. If a snapshot was loaded, it continues
  /// from there. A second call continues after `stop`, or until a stop trigger that is a function fires
  /// again. Errors: those of the step and of the extensions, after `on_error` and `finalize` of all
  /// extensions; TrainingInterrupted, see Snapshot.
  void run();
  /// Ends training after this iteration, for a reason such as "no improvement for 5 epochs". A snapshot keeps
  /// that: a program that is started again does not train on.
  void stop(const std::string& reason);
  /// The reason that was given to `stop`; empty if the stop trigger ended training.
  const std::string& stop_reason() const;

  Updater& updater();
  Optimizer& optimizer() const;
  std::int64_t iteration() const;
  std::int64_t epoch() const;
  double epoch_detail() const;
  double previous_epoch_detail() const;
  bool is_new_epoch() const;
  /// Whether `run` ends by an error: for `finalize` of an extension.
  bool has_failed() const;
  /// Whether this process writes files and prints: the only one, or the first of `peers`.
  bool is_first() const;
  /// Whether the extension that runs is called as urgent (`Extension::is_urgent`), here or in another
  /// process.
  bool is_urgent() const;
  /// The text of the first process, in all of them: all must call it.
  std::string from_first(const std::string& text) const;
  /// Seconds of training, also before it was resumed.
  double elapsed_time() const;
  /// The part of the training that is done, in [0, 1], where the stop trigger knows it.
  std::optional<double> progress() const;
  /// The values that were reported in this iteration.
  Observation& observation();
  const Observation& observation() const;
  /// The keys that have been reported, or will be, for error messages: `main/loss, validation/main/ap`.
  std::string known_keys() const;
  bool knows_key(const std::string& key) const;

  /// The output directory, which is made if it does not exist. Errors: `Trainer: result: ...`.
  const std::string& out() const;
  /// `<out>/<file>`.
  std::string path_of(const std::string& file) const;

  /// Adds an object to what snapshots save: a second model, its optimizer, a random generator, a counter; see
  /// Checkpoint::add. It must outlive the trainer.
  ///
  ///     trainer.add_state("discriminator", discriminator);
  template <class Part>
  void add_state(const std::string& name, Part& part) {
    add_state([name = "user/" + name, &part](Checkpoint& state) { state.add(name, part); });
  }
  /// All state, for Snapshot.
  void serialize(Checkpoint& state);
  /// Errors: at the end of the first epoch or later, a key is not known; the text lists the known ones.
  void require_keys(const char* caller, const std::vector<std::string>& keys) const;

 private:
  template <class F>
  struct FunctionExtension : Extension {
    explicit FunctionExtension(F f) : function(std::move(f)) {}
    std::string name() const override { return "function"; }
    void operator()(Trainer& trainer) override { function(trainer); }
    F function;
  };

  void add(std::unique_ptr<Extension> extension, ExtendOptions options);
  void add_state(std::function<void(Checkpoint&)> add);
  std::vector<Extension*> extensions() const;
  void call_before_training();
  void iterate();
  void end(const std::exception* error);
  bool is_over() const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenbin
