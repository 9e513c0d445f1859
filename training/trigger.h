// Triggers: they decide at the end of an iteration whether something is due.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/training/observation.h"

namespace tenbin {

class Checkpoint;
class Trainer;

namespace detail {

template <class T, class = void>
struct HasSerialize : std::false_type {};
template <class T>
struct HasSerialize<T, std::void_t<decltype(std::declval<T&>().serialize(std::declval<Checkpoint&>()))>>
    : std::true_type {};

template <class T, class = void>
struct HasProgress : std::false_type {};
template <class T>
struct HasProgress<T,
                   std::void_t<decltype(std::declval<const T&>().progress(std::declval<const Trainer&>()))>>
    : std::true_type {};

}  // namespace detail

/// Any of the triggers below, or a function: `bool(const Trainer&)`, called once at the end of every
/// iteration. (Chainer: `training.triggers`.)
///
///     trainer.extend(Snapshot(), {.trigger = Iterations(500)});
///     trainer.extend(Decay(), {.trigger = [](const Trainer& trainer) { return trainer.epoch() > 10; }});
///
/// A class may also have `void serialize(Checkpoint&)`, by which a snapshot saves its state, and, to be a
/// stop trigger, `double progress(const Trainer&) const`, the part of the training that is done: training
/// ends when it is 1 or more, also in a run that was resumed after the trigger had fired. Copies of a Trigger
/// have a state of their own.
class Trigger {
 public:
  template <class T, class = std::enable_if_t<std::is_invocable_r_v<bool, T&, const Trainer&>>>
  Trigger(T trigger)  // NOLINT(google-explicit-constructor)
      : trigger_(std::make_unique<Holder<T>>(std::move(trigger))) {}
  Trigger(const Trigger& other) : trigger_(other.base().clone()) {}
  Trigger(Trigger&&) noexcept = default;
  Trigger& operator=(const Trigger& other) { return *this = Trigger(other); }
  Trigger& operator=(Trigger&&) noexcept = default;
  ~Trigger() = default;

  bool operator()(const Trainer& trainer) { return base().fires(trainer); }
  /// Empty for a trigger without `progress`.
  std::optional<double> progress(const Trainer& trainer) const { return base().progress(trainer); }
  void serialize(Checkpoint& state) { base().serialize(state); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual bool fires(const Trainer& trainer) = 0;
    virtual std::optional<double> progress(const Trainer& trainer) const = 0;
    virtual void serialize(Checkpoint& state) = 0;
    virtual std::unique_ptr<Base> clone() const = 0;
  };
  template <class T>
  struct Holder : Base {
    explicit Holder(T value) : trigger(std::move(value)) {}
    bool fires(const Trainer& trainer) override { return trigger(trainer); }
    std::optional<double> progress([[maybe_unused]] const Trainer& trainer) const override {
      if constexpr (detail::HasProgress<T>::value) {
        return trigger.progress(trainer);
      } else {
        return std::nullopt;
      }
    }
    void serialize([[maybe_unused]] Checkpoint& state) override {
      if constexpr (detail::HasSerialize<T>::value) trigger.serialize(state);
    }
    std::unique_ptr<Base> clone() const override { return std::make_unique<Holder>(trigger); }
    T trigger;
  };

  Base& base() const {
    if (trigger_ == nullptr) throw Error("Trigger: it has been moved from");
    return *trigger_;
  }

  std::unique_ptr<Base> trigger_;
};

/// Fires at the end of every `period` epochs; a fraction fires within an epoch. As a stop trigger: training
/// ends after that many epochs. Errors: a period that is not above 0.
class Epochs {
 public:
  explicit Epochs(double period);
  bool operator()(const Trainer& trainer) const;
  double progress(const Trainer& trainer) const;

 private:
  double period_;
};

/// Fires every `period` iterations. Errors: a period below 1.
class Iterations {
 public:
  explicit Iterations(std::int64_t period);
  bool operator()(const Trainer& trainer) const;
  double progress(const Trainer& trainer) const;

 private:
  std::int64_t period_;
};

/// Fires when another `period` seconds of training have passed. Not deterministic. Errors: a period that is
/// not above 0. (Chainer: `TimeTrigger`.)
class Seconds {
 public:
  explicit Seconds(double period);
  bool operator()(const Trainer& trainer);
  double progress(const Trainer& trainer) const;
  void serialize(Checkpoint& state);

 private:
  double period_;
  double next_;
};

/// Fires when one of these epochs is completed: `AtEpochs({10, 15})`; fractions are possible. (Chainer:
/// `ManualScheduleTrigger(..., 'epoch')`.)
class AtEpochs {
 public:
  explicit AtEpochs(std::vector<double> epochs) : epochs_(std::move(epochs)) {}
  bool operator()(const Trainer& trainer) const;

 private:
  std::vector<double> epochs_;
};

/// Fires at the end of these iterations, counted from 1. (Chainer: `ManualScheduleTrigger(...,
/// 'iteration')`.)
class AtIterations {
 public:
  explicit AtIterations(std::vector<std::int64_t> iterations) : iterations_(std::move(iterations)) {}
  bool operator()(const Trainer& trainer) const;

 private:
  std::vector<std::int64_t> iterations_;
};

/// Fires at the end of the first iteration of a training, not of a resumed one. (Chainer: `OnceTrigger`.)
struct Once {
  bool operator()(const Trainer& trainer) const;
};

namespace detail {

// Whether larger or smaller values of a metric are better.
enum class Better : unsigned char { larger, smaller };

// The best value so far of a reported key, compared each time `check` fires: the weighted mean of the values
// that were reported since it fired last.
class BestValue {
 public:
  BestValue(std::string key, Better better, Trigger check);
  // Adds the values of this iteration. True if `check` fires now and there is a value.
  bool observe(const Trainer& trainer);
  // The last value that was compared.
  double last() const { return last_; }
  double best() const { return best_; }
  // Whether `last` is better than the earlier ones by more than `min_delta`; NaN never is. If so, it becomes
  // the best value.
  bool improve(double min_delta = 0);
  void serialize(Checkpoint& state);

  const std::string& key() const { return key_; }

 private:
  std::string key_;
  Better better_;
  Trigger check_;
  Means mean_;  // of the key alone
  double last_ = std::numeric_limits<double>::quiet_NaN();
  double best_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace detail

/// Fires when a reported value is larger than all before it. The value is the mean since `check` fired last;
/// NaN never fires. Errors: when `check` fires, no value has had that key. (Chainer: `MaxValueTrigger`.)
///
///     trainer.extend(SaveObject(model, "best.npz"), {.trigger = MaxValue("validation/main/ap")});
class MaxValue {
 public:
  explicit MaxValue(std::string key, Trigger check = Epochs(1))
      : best_(std::move(key), detail::Better::larger, std::move(check)) {}
  bool operator()(const Trainer& trainer) { return best_.observe(trainer) && best_.improve(); }
  void serialize(Checkpoint& state) { best_.serialize(state); }

 private:
  detail::BestValue best_;
};

/// Fires when a reported value is smaller than all before it; otherwise as MaxValue. (Chainer:
/// `MinValueTrigger`.)
class MinValue {
 public:
  explicit MinValue(std::string key, Trigger check = Epochs(1))
      : best_(std::move(key), detail::Better::smaller, std::move(check)) {}
  bool operator()(const Trainer& trainer) { return best_.observe(trainer) && best_.improve(); }
  void serialize(Checkpoint& state) { best_.serialize(state); }

 private:
  detail::BestValue best_;
};

/// Whether a metric improves upwards or downwards.
enum class Mode : unsigned char {
  automatic,  ///< by the last part of the key: losses, errors and scores such as `brier` get smaller, other
              ///< known metrics larger; an unknown name is an error
  max,
  min
};

struct EarlyStoppingOptions {
  Mode mode = Mode::automatic;
  std::size_t patience = 3;   ///< the number of checks in a row without improvement after which it stops
  double min_delta = 0;       ///< a smaller change is no improvement
  bool restore_best = false;  ///< of the extension EarlyStopping: at the end the model gets its best values
  Trigger check = Epochs(1);
};

/// A stop trigger: training ends when a reported value has not improved for `patience` checks. (Chainer:
/// `EarlyStoppingTrigger`, which minimises what is not called an accuracy, F1 too.) The extension
/// EarlyStopping does the same, and can also restore the best model.
///
///     const EarlyStoppingTrigger stop("validation/main/ap", Epochs(100));
///     Trainer trainer(std::move(updater), {.stop = stop});
///
/// NaN counts as no improvement. Errors: an automatic mode for an unknown metric; a check without a value.
class EarlyStoppingTrigger {
 public:
  /// `max`: training ends then in any case.
  explicit EarlyStoppingTrigger(std::string monitor, Trigger max, EarlyStoppingOptions options = {});
  bool operator()(const Trainer& trainer);
  std::optional<double> progress(const Trainer& trainer) const;
  void serialize(Checkpoint& state);

  /// Whether the check of this iteration has improved.
  bool has_improved() const { return has_improved_; }
  bool is_exhausted() const { return checks_without_ >= static_cast<std::int64_t>(patience_); }
  const detail::BestValue& value() const { return value_; }

 private:
  detail::BestValue value_;
  Trigger max_;
  std::size_t patience_;
  double min_delta_;
  std::int64_t checks_without_ = 0;
  bool has_improved_ = false;
};

namespace detail {

// Errors: `EarlyStopping: whether 'validation/main/q' ...`.
Better better_value(const char* caller, const std::string& key, Mode mode);

}  // namespace detail

}  // namespace tenbin
