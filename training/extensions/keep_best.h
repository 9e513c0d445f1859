// KeepBest and EarlyStopping: the best model of a training, and when to end it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenbin/links/link.h"
#include "tenbin/training/extension.h"

namespace tenbin {

namespace detail {

// The values of the parameters of a model at one moment, on the CPU, for later.
class KeptModel {
 public:
  explicit KeptModel(Link model) : model_(std::move(model)) {}
  bool is_empty() const { return values_.empty(); }
  void keep();
  // Precondition: not empty.
  void restore();
  // For a file of the model.
  const NamedArrays& values() const { return values_; }

  NamedArrays save_state() const { return values_; }
  std::function<void()> prepare_load(StateReader& reader);

 private:
  Link model_;
  NamedArrays values_;
};

}  // namespace detail

/// Options of KeepBest.
struct KeepBestOptions {
  Mode mode = Mode::automatic;
  std::string file = "best.npz";  ///< in the trainer's directory
  Trigger check = Epochs(1);      ///< when values are compared
  bool restore = true;            ///< when training ends, the model gets the values of the best one
};

/// Saves the model whenever a reported value is better than all before it, and gives the model these values
/// when training ends. (Keras: `ModelCheckpoint(save_best_only=True)`.)
///
///     KeepBest& best = trainer.extend(KeepBest(model, "validation/main/ap"));
///     trainer.run();
///     best.value();    // the best average precision; the model is the one that had it
///
/// The best model is part of snapshots. NaN is never best. Errors: `check` fires and no value has the key; an
/// unknown metric with an automatic mode.
class KeepBest : public Extension {
 public:
  KeepBest(const Link& model, std::string key, KeepBestOptions options = {});
  std::string name() const override { return "KeepBest"; }
  /// In every iteration: `check` says when values are compared.
  Trigger default_trigger() const override { return Iterations(1); }
  void operator()(Trainer& trainer) override;
  void finalize(Trainer& trainer) override;
  void serialize(Checkpoint& state) override;
  std::vector<std::string> written_files() const override {
    return options_.file.empty() ? std::vector<std::string>() : std::vector{options_.file};
  }

  /// NaN before the first comparison.
  double value() const { return best_.best(); }
  /// The iteration of the best value; 0 before the first one.
  std::int64_t iteration() const { return iteration_; }

 private:
  KeepBestOptions options_;
  detail::KeptModel kept_;
  detail::BestValue best_;
  std::int64_t iteration_ = 0;
};

/// Ends training when a reported value has not improved for `patience` checks. With `restore_best` the model
/// then gets the parameters of the best check, also if training ended for another reason. (Keras:
/// `EarlyStopping`.)
///
///     trainer.extend(EarlyStopping("validation/main/ap", {.patience = 5, .restore_best = true}));
///
/// Whether larger or smaller is better follows from the name of the metric (see Mode). NaN counts as no
/// improvement. Errors: as EarlyStoppingTrigger.
class EarlyStopping : public Extension {
 public:
  explicit EarlyStopping(std::string monitor, EarlyStoppingOptions options = {});
  std::string name() const override { return "EarlyStopping"; }
  Trigger default_trigger() const override { return Iterations(1); }
  void operator()(Trainer& trainer) override;
  void prepare(Trainer& trainer) override;
  void initialize(Trainer& trainer) override;
  void finalize(Trainer& trainer) override;
  void serialize(Checkpoint& state) override;

 private:
  void stop_if_exhausted(Trainer& trainer);

  bool restore_best_;
  std::size_t patience_;
  EarlyStoppingTrigger trigger_;
  std::optional<detail::KeptModel> best_;  // from the start of a training with `restore_best`
};

}  // namespace tenbin
