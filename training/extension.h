// Extension, the base of what a trainer calls beside the training step.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/training/trigger.h"

namespace tenbin {

/// The order of extensions within an iteration: higher ones first, equal ones as they were added. Values that
/// are reported are then complete when they are read. (Chainer: `PRIORITY_WRITER` etc.)
struct Priority {
  static constexpr int writer = 300;  ///< reports values: an Evaluator
  static constexpr int editor = 200;  ///< reads and reports values: the default
  static constexpr int log = 150;     ///< LogReport, which others read
  static constexpr int reader = 100;  ///< reads the log
  static constexpr int last = -1000;  ///< Snapshot: the state includes the effects of all others
};

/// Something that a Trainer calls whenever its trigger fires. (Chainer: `training.Extension`.)
///
/// A function `void(Trainer&)` is an extension, too; derive a class for state that snapshots must save, or
/// for another default trigger.
///
///     struct CountPositives : Extension {
///       std::string name() const override { return "CountPositives"; }
///       void operator()(Trainer& trainer) override { ++calls; }
///       void serialize(Checkpoint& state) override { state.add("calls", calls); }
///       std::int64_t calls = 0;
///     };
///     trainer.extend(CountPositives());
///     trainer.extend([](Trainer& trainer) { ... }, {.trigger = Epochs(1)});
class Extension {
 public:
  virtual ~Extension() = default;

  /// Names its state in snapshots; a second extension of the name becomes `<name>_1`.
  virtual std::string name() const = 0;
  virtual void operator()(Trainer& trainer) = 0;

  virtual Trigger default_trigger() const { return Epochs(1); }
  virtual int default_priority() const { return Priority::editor; }
  /// Called first by `Trainer::run`: the place to load a snapshot.
  virtual void prepare(Trainer& /*trainer*/) {}
  /// Called by `Trainer::run` after `prepare` of all extensions.
  virtual void initialize(Trainer& /*trainer*/) {}
  /// Called when `Trainer::run` ends, also by an error.
  virtual void finalize(Trainer& /*trainer*/) {}
  /// Called when the training step or an extension has thrown `error`, before `finalize`.
  virtual void on_error(Trainer& /*trainer*/, const std::exception& /*error*/) {}
  /// Called in every iteration, when it is this extension's turn, before its trigger is asked.
  virtual void observe(const Trainer& /*trainer*/) {}
  /// Whether it must be called in this iteration although its trigger does not fire.
  virtual bool is_urgent() const { return false; }
  /// The state for snapshots: what is added is both saved and loaded.
  virtual void serialize(Checkpoint& /*state*/) {}
  /// Whether it reads the trainer's LogReport, which is then added if there is none.
  virtual bool reads_log() const { return false; }
  /// The keys that it will report, so that a misspelt key is an error early. A key stands also for those that
  /// continue it: `recall` for `recall/0`. No other extension may declare it.
  virtual std::vector<std::string> reported_keys() const { return {}; }
  /// Whether it only writes files or prints: of several processes (TrainerOptions::peers), the first alone
  /// calls it.
  virtual bool only_writes() const { return false; }
  /// The files in the trainer's directory that it writes; no other extension may write them.
  virtual std::vector<std::string> written_files() const { return {}; }
};

/// Options of Trainer::extend.
struct ExtendOptions {
  std::string name = {};                ///< empty: the extension's
  std::optional<Trigger> trigger = {};  ///< not set: the extension's, every epoch by default
  std::optional<int> priority = {};     ///< not set: the extension's
  /// Also call it once before the first iteration. What an Evaluator reports then is logged by a LogReport
  /// with the same option.
  bool call_before_training = false;
  std::vector<std::string> reports = {};  ///< keys that a function will report
};

}  // namespace tenbin
