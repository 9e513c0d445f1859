// Extensions that change hyperparameters and class weights during training.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/training/extension.h"
#include "tenbin/training/schedules.h"

namespace tenbin {

class Optimizer;

/// The time that a schedule is a function of.
enum class TimeUnit : unsigned char {
  epochs,        ///< epochs with their fraction: the value changes from step to step
  whole_epochs,  ///< completed epochs: the value changes between epochs, as Chainer's and PyTorch's schedules
  iterations
};

/// Options of HyperparameterSchedule.
struct ScheduleOptions {
  TimeUnit unit = TimeUnit::epochs;
  /// The value that the factor multiplies. Not set: the hyperparameter's when training starts.
  std::optional<double> initial = {};
  /// The pattern of a group of the optimizer, whose hyperparameter alone is set. Empty: the optimizer's and
  /// that of every group, each with its own initial value.
  std::string group = {};
};

/// Sets a hyperparameter of the optimizer to its initial value times a factor, before every step. (Chainer:
/// `ExponentialShift` and others.)
///
///     trainer.extend(LearningRateSchedule(schedules::warm_up(5, schedules::cosine(35))));
///     trainer.extend(HyperparameterSchedule("momentum", schedules::linear(1, 1.05, 10)));
///
/// The value depends on the time alone: a resumed training, or one whose epochs are extended, has the same
/// values as one that was not interrupted. Errors: the rule has no such hyperparameter, the optimizer no such
/// group.
class HyperparameterSchedule : public Extension {
 public:
  HyperparameterSchedule(std::string hyperparameter, Schedule schedule, ScheduleOptions options = {});
  /// Of any other number, such as the rate of a hook, which must outlive the trainer. `name` is used in
  /// errors and snapshots.
  ///
  ///     WeightDecay& decay = optimizer.add_hook(WeightDecay(5e-4));
  ///     trainer.extend(HyperparameterSchedule("weight decay", decay.rate, schedules::linear(0, 1, 5)));
  HyperparameterSchedule(std::string name, double& value, Schedule schedule, ScheduleOptions options = {});
  std::string name() const override { return "Schedule of " + hyperparameter_; }
  Trigger default_trigger() const override { return Iterations(1); }
  int default_priority() const override { return Priority::reader - 1; }
  void prepare(Trainer& trainer) override;
  void initialize(Trainer& trainer) override;
  void operator()(Trainer& trainer) override;
  void serialize(Checkpoint& state) override;

 protected:
  // Of the learning rate, whatever the rule calls it.
  HyperparameterSchedule(Schedule schedule, ScheduleOptions options)
      : HyperparameterSchedule("", std::move(schedule), options) {}

 private:
  double get(Optimizer& rule) const;
  void set(Optimizer& rule, double value) const;

  std::string hyperparameter_;  // empty: the learning rate
  double* value_ = nullptr;     // instead of a hyperparameter
  Schedule schedule_;
  ScheduleOptions options_;
  std::vector<Optimizer*> rules_;  // the optimizer and its groups, while training runs
  std::vector<double> initial_;    // of each; empty before training starts
};

/// HyperparameterSchedule of the learning rate, whatever the rule calls it: SGD's `lr`, Adam's `alpha`.
class LearningRateSchedule : public HyperparameterSchedule {
 public:
  explicit LearningRateSchedule(Schedule schedule, ScheduleOptions options = {})
      : HyperparameterSchedule(std::move(schedule), options) {}
  std::string name() const override { return "LearningRateSchedule"; }
};

/// Options of ReduceOnPlateau: those of PyTorch's `ReduceLROnPlateau`, but `min_delta` is absolute.
struct ReduceOnPlateauOptions {
  Mode mode = Mode::automatic;
  double factor = 0.1;        ///< in (0, 1)
  std::size_t patience = 10;  ///< the number of checks without improvement before a reduction
  double min_delta = 1e-4;    ///< a smaller change is no improvement
  std::size_t cooldown = 0;   ///< the number of checks after a reduction that are not counted
  double min_rate = 0;
  Trigger check = Epochs(1);
};

/// Multiplies the learning rate, and that of every group, by a factor when a reported value has not improved
/// for more than `patience` checks. (PyTorch: `ReduceLROnPlateau`.)
///
///     trainer.extend(ReduceOnPlateau("validation/main/loss", {.factor = 0.5, .patience = 3}));
///
/// Errors: as EarlyStoppingTrigger; a factor outside (0, 1); the trainer has a LearningRateSchedule, which
/// sets the rate in every iteration.
class ReduceOnPlateau : public Extension {
 public:
  explicit ReduceOnPlateau(std::string monitor, ReduceOnPlateauOptions options = {});
  std::string name() const override { return "ReduceOnPlateau"; }
  Trigger default_trigger() const override { return Iterations(1); }
  void initialize(Trainer& trainer) override;
  void operator()(Trainer& trainer) override;
  void serialize(Checkpoint& state) override;

 private:
  ReduceOnPlateauOptions options_;
  detail::BestValue value_;
  std::int64_t checks_without_ = 0;
  std::int64_t cooldown_left_ = 0;
};

/// Class weights that change with the epoch, such as deferred re-weighting (DeferredReweighting).
///
///     const ScheduledClassWeight weight(DeferredReweighting{balanced_class_weight(counts), 30}, n_class);
///     const auto loss = [&](const Array& x, const Array& t) {
///       return softmax_cross_entropy(model(x), t, {.class_weight = weight()});
///     };
///     trainer.extend(weight);
///
/// `weight()` is always the same array, which is changed between epochs; also in a captured step. Where the
/// function returns an empty array, all weights are 1. Copies share it.
class ScheduledClassWeight : public Extension {
 public:
  /// of_epoch: the weights (n_class) of an epoch, counted from 0; or an empty array.
  ScheduledClassWeight(std::function<Array(std::size_t epoch)> of_epoch, std::size_t n_class,
                       Device device = Device::cpu());
  std::string name() const override { return "ScheduledClassWeight"; }
  void initialize(Trainer& trainer) override;
  void operator()(Trainer& trainer) override;

  const Array& operator()() const { return weight_; }

 private:
  void set(std::size_t epoch);

  std::function<Array(std::size_t epoch)> of_epoch_;
  Array weight_;
};

}  // namespace tenbin
