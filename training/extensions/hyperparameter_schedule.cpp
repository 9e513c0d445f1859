#include "tenbin/training/extensions/hyperparameter_schedule.h"

#include <algorithm>

#include "tenbin/training/checkpoint.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

double time_of(const Trainer& trainer, TimeUnit unit) {
  switch (unit) {
    case TimeUnit::epochs:
      return trainer.epoch_detail();
    case TimeUnit::whole_epochs:
      return static_cast<double>(trainer.epoch());
    case TimeUnit::iterations:
      break;
  }
  return static_cast<double>(trainer.iteration());
}

}  // namespace

HyperparameterSchedule::HyperparameterSchedule(std::string hyperparameter, Schedule schedule,
                                               ScheduleOptions options)
    : hyperparameter_(std::move(hyperparameter)),
      schedule_(std::move(schedule)),
      options_(std::move(options)) {}

HyperparameterSchedule::HyperparameterSchedule(std::string name, double& value, Schedule schedule,
                                               ScheduleOptions options)
    : HyperparameterSchedule(std::move(name), std::move(schedule), std::move(options)) {
  value_ = &value;
}

double HyperparameterSchedule::get(Optimizer& rule) const {
  if (value_ != nullptr) return *value_;
  return hyperparameter_.empty() ? rule.learning_rate() : rule.hyperparameter(hyperparameter_);
}

void HyperparameterSchedule::set(Optimizer& rule, double value) const {
  if (value_ != nullptr) {
    *value_ = value;
  } else if (hyperparameter_.empty()) {
    rule.set_learning_rate(value);
  } else {
    rule.hyperparameter(hyperparameter_) = value;
  }
}

// The initial values are read here, before a snapshot is loaded and before a schedule has changed one.
void HyperparameterSchedule::prepare(Trainer& trainer) {
  rules_.clear();
  if (options_.group.empty()) rules_.push_back(&trainer.optimizer());
  for (Optimizer* const group : trainer.optimizer().groups())
    if (value_ == nullptr && (options_.group.empty() || group->pattern() == options_.group))
      rules_.push_back(group);
  if (rules_.empty()) throw Error(name(), ": the optimizer has no group '", options_.group, "'");
  if (!initial_.empty()) return;
  for (Optimizer* const rule : rules_) initial_.push_back(get(*rule));
}

void HyperparameterSchedule::initialize(Trainer& trainer) {
  if (initial_.size() != rules_.size())
    throw Error(name(), ": expected the initial values of ", rules_.size(), " groups, got ", initial_.size(),
                " from the snapshot");
  if (options_.initial) initial_.assign(rules_.size(), *options_.initial);
  (*this)(trainer);
}

void HyperparameterSchedule::operator()(Trainer& trainer) {
  const double factor = schedule_(time_of(trainer, options_.unit));
  for (std::size_t i = 0; i < rules_.size(); ++i) set(*rules_[i], initial_[i] * factor);
}

void HyperparameterSchedule::serialize(Checkpoint& state) { state.add("initial", initial_); }

ReduceOnPlateau::ReduceOnPlateau(std::string monitor, ReduceOnPlateauOptions options)
    : options_(std::move(options)),
      value_(monitor, detail::better_value("ReduceOnPlateau", monitor, options_.mode), options_.check) {
  if (!(options_.factor > 0 && options_.factor < 1))
    throw Error("ReduceOnPlateau: factor must be in (0, 1), got ", options_.factor);
}

void ReduceOnPlateau::initialize(Trainer& trainer) {
  if (trainer.find<LearningRateSchedule>() != nullptr)
    throw Error(
        "ReduceOnPlateau: the trainer has a LearningRateSchedule, which sets the rate in every iteration");
}

void ReduceOnPlateau::operator()(Trainer& trainer) {
  if (!value_.observe(trainer)) return;
  checks_without_ = value_.improve(options_.min_delta) ? 0 : checks_without_ + 1;
  if (cooldown_left_ > 0) {
    --cooldown_left_;
    checks_without_ = 0;
  }
  if (checks_without_ <= static_cast<std::int64_t>(options_.patience)) return;
  std::vector<Optimizer*> rules = trainer.optimizer().groups();
  rules.push_back(&trainer.optimizer());
  for (Optimizer* const rule : rules)
    rule->set_learning_rate(std::max(options_.min_rate, rule->learning_rate() * options_.factor));
  checks_without_ = 0;
  cooldown_left_ = static_cast<std::int64_t>(options_.cooldown);
}

void ReduceOnPlateau::serialize(Checkpoint& state) {
  state.section("value", value_);
  state.add("checks_without_improvement", checks_without_).add("cooldown_left", cooldown_left_);
}

ScheduledClassWeight::ScheduledClassWeight(std::function<Array(std::size_t epoch)> of_epoch,
                                           std::size_t n_class, Device device)
    : of_epoch_(std::move(of_epoch)), weight_(Array::ones({n_class}).to(device)) {
  set(0);
}

void ScheduledClassWeight::set(std::size_t epoch) {
  const Array weight = of_epoch_(epoch);
  if (weight && weight.shape() != weight_.shape())
    throw Error("ScheduledClassWeight: expected weights ", weight_.shape(), ", got ", weight, " for epoch ",
                epoch);
  if (weight) {
    weight_.assign(weight.astype(weight_.dtype()).to(weight_.device()));
  } else {
    weight_.fill(1);
  }
}

void ScheduledClassWeight::initialize(Trainer& trainer) { (*this)(trainer); }

void ScheduledClassWeight::operator()(Trainer& trainer) { set(static_cast<std::size_t>(trainer.epoch())); }

}  // namespace tenbin
