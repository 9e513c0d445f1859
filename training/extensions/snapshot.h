// Snapshot: saves the whole state of a training, and resumes it.
#pragma once

#include <memory>
#include <string>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Options of Snapshot.
struct SnapshotOptions {
  Trigger trigger = Epochs(1);
  /// The number of snapshots that are kept, the latest ones; 0: all.
  std::size_t n_retains = 0;
  /// Resume from the latest snapshot in the trainer's directory, if there is one.
  bool autoload = false;
  /// On SIGINT (Ctrl-C) and SIGTERM: finish the iteration, save, and throw TrainingInterrupted. A second
  /// signal ends the process at once.
  bool on_signal = true;
  /// If the step or an extension throws, save `error_iter_<iteration>.npz`, for a look at the values that led
  /// to it. Such a file is never resumed from.
  bool on_error = false;
};

/// Thrown by `Trainer::run` after a signal, when the snapshot is written. The text says how to go on.
class TrainingInterrupted : public Error {
 public:
  using Error::Error;
};

/// Saves what decides how training goes on into one file, `snapshot_iter_<iteration>.npz`: the optimizer and
/// its model, the place in the epoch, the random stream of the thread that trains, the stop trigger, the
/// extensions, and what `Trainer::add_state` has added. (Chainer: `snapshot`.)
///
///     trainer.extend(Snapshot({.n_retains = 2, .autoload = true}));  // started again, it resumes
///
/// A run that is killed at any moment and resumed by `autoload` has the bits, the log and the files of one
/// that is not: snapshots are replaced atomically, an older one is removed after the new one is complete, and
/// the latest is the one of the highest iteration. It runs after all other extensions of an iteration.
///
/// Errors: without `autoload`, the directory has snapshots of an earlier training; the file is damaged or of
/// another model, optimizer or set of extensions; the disk is full: then older snapshots are as they were.
class Snapshot : public Extension {
 public:
  explicit Snapshot(SnapshotOptions options = {});
  Snapshot(Snapshot&&) noexcept;
  ~Snapshot() override;
  std::string name() const override { return "Snapshot"; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return options_.trigger; }
  int default_priority() const override { return Priority::last; }
  void prepare(Trainer& trainer) override;
  void initialize(Trainer& trainer) override;
  void finalize(Trainer& trainer) override;
  void on_error(Trainer& trainer, const std::exception& error) override;
  bool is_urgent() const override;

 private:
  class Signals;

  std::string save(Trainer& trainer, const std::string& prefix) const;
  void remove_old(const Trainer& trainer, std::int64_t iteration) const;

  SnapshotOptions options_;
  std::unique_ptr<Signals> signals_;  // while training runs
};

}  // namespace tenbin
