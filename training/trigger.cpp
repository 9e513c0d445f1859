#include "tenbin/training/trigger.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/text.h"
#include "tenbin/training/checkpoint.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

// Fractions such as 0.1 are not exact: 0.3 / 0.1 is below 3.
double periods(double position, double period) { return std::floor(position / period + 1e-9); }

double require_positive(const char* trigger, double period) {
  if (!(period > 0) || !std::isfinite(period))
    throw Error(trigger, ": expected a period above 0, got ", period);
  return period;
}

}  // namespace

Epochs::Epochs(double period) : period_(require_positive("Epochs", period)) {}

bool Epochs::operator()(const Trainer& trainer) const {
  return periods(trainer.epoch_detail(), period_) > periods(trainer.previous_epoch_detail(), period_);
}

double Epochs::progress(const Trainer& trainer) const { return trainer.epoch_detail() / period_ + 1e-9; }

Iterations::Iterations(std::int64_t period) : period_(period) {
  if (period < 1) throw Error("Iterations: expected a period of 1 or more, got ", period);
}

bool Iterations::operator()(const Trainer& trainer) const { return trainer.iteration() % period_ == 0; }

double Iterations::progress(const Trainer& trainer) const {
  return static_cast<double>(trainer.iteration()) / static_cast<double>(period_);
}

Seconds::Seconds(double period) : period_(require_positive("Seconds", period)), next_(period) {}

bool Seconds::operator()(const Trainer& trainer) {
  const double now = trainer.elapsed_time();
  if (now < next_) return false;
  next_ = (periods(now, period_) + 1) * period_;
  return true;
}

double Seconds::progress(const Trainer& trainer) const { return trainer.elapsed_time() / period_; }

void Seconds::serialize(Checkpoint& state) { state.add("next", next_); }

bool AtEpochs::operator()(const Trainer& trainer) const {
  return std::any_of(epochs_.begin(), epochs_.end(), [&](double epoch) {
    return trainer.previous_epoch_detail() < epoch - 1e-9 && trainer.epoch_detail() >= epoch - 1e-9;
  });
}

bool AtIterations::operator()(const Trainer& trainer) const {
  return std::find(iterations_.begin(), iterations_.end(), trainer.iteration()) != iterations_.end();
}

bool Once::operator()(const Trainer& trainer) const { return trainer.iteration() == 1; }

namespace detail {

BestValue::BestValue(std::string key, Better better, Trigger check)
    : key_(std::move(key)), better_(better), check_(std::move(check)) {}

bool BestValue::observe(const Trainer& trainer) {
  trainer.observation().for_each([&](const Observation::Entry& entry) {
    if (entry.key == key_) mean_.add(entry);
  });
  if (!check_(trainer)) return false;
  const std::optional<double> mean = mean_.value(key_);
  if (!mean && trainer.knows_key(key_))
    throw Error("Trainer: no value has been reported as '", key_,
                "' since the check before: check it when it is reported");
  if (!mean)
    throw Error("Trainer: no value has been reported as '", key_, "'; there are ", trainer.known_keys());
  last_ = *mean;
  mean_.clear();
  return true;
}

bool BestValue::improve(double min_delta) {
  if (std::isnan(last_)) return false;
  const bool is_first = std::isnan(best_);
  if (!is_first && !(better_ == Better::larger ? last_ > best_ + min_delta : last_ < best_ - min_delta))
    return false;
  best_ = last_;
  return true;
}

void BestValue::serialize(Checkpoint& state) {
  state.add("last", last_).add("best", best_).add("mean", mean_);
  state.section("check", check_);
}

Better better_value(const char* caller, const std::string& key, Mode mode) {
  if (mode != Mode::automatic) return mode == Mode::max ? Better::larger : Better::smaller;
  std::string metric = key;  // without the number of a class: `recall/1`
  while (metric.find_last_not_of("0123456789") + 1 < metric.size() &&
         metric.rfind('/') != std::string::npos &&
         metric.find_first_not_of("0123456789", metric.rfind('/') + 1) == std::string::npos)
    metric.resize(metric.rfind('/'));
  const std::string name = lower_case(metric.substr(metric.rfind('/') + 1));
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has("skill")) return Better::larger;
  for (const char* part : {"loss", "error", "brier", "ece", "nll", "perplexity", "cost", "mse", "mae"})
    if (has(part)) return Better::smaller;
  for (const char* part :
       {"accuracy", "acc", "precision", "recall", "f1", "f_beta", "auc", "average_precision", "mcc",
        "matthews", "kappa", "g_mean", "gmean", "geometric_mean", "lift", "gain"})
    if (has(part)) return Better::larger;
  if (name == "ap") return Better::larger;
  throw Error(caller, ": whether '", key,
              "' improves upwards or downwards is not known; set .mode to Mode::max or Mode::min");
}

}  // namespace detail

EarlyStoppingTrigger::EarlyStoppingTrigger(std::string monitor, Trigger max, EarlyStoppingOptions options)
    : value_(monitor, detail::better_value("EarlyStopping", monitor, options.mode), std::move(options.check)),
      max_(std::move(max)),
      patience_(options.patience),
      min_delta_(options.min_delta) {
  if (patience_ == 0) throw Error("EarlyStopping: expected a patience of 1 or more, got 0");
  if (!(min_delta_ >= 0)) throw Error("EarlyStopping: min_delta must be >= 0, got ", min_delta_);
}

bool EarlyStoppingTrigger::operator()(const Trainer& trainer) {
  has_improved_ = false;
  if (value_.observe(trainer)) {
    has_improved_ = value_.improve(min_delta_);
    checks_without_ = has_improved_ ? 0 : checks_without_ + 1;
  }
  const bool is_last = max_(trainer);
  return is_exhausted() || is_last;
}

std::optional<double> EarlyStoppingTrigger::progress(const Trainer& trainer) const {
  return is_exhausted() ? 1 : max_.progress(trainer);
}

void EarlyStoppingTrigger::serialize(Checkpoint& state) {
  state.section("value", value_);
  state.section("max", max_);
  state.add("checks_without_improvement", checks_without_);
}

}  // namespace tenbin
