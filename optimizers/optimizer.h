// The base of update rules: it keeps the parameters of a model in one buffer, the hooks, the counters, the
// state.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tenbin/links/link.h"

namespace tenbin {

/// The parameters of one dtype and device in one array of one axis, their gradients in another, and their
/// states: all of the same length.
struct FlatParameters {
  Array data;
  Array grad;
  SmallVector<Array, 3> states;  ///< in the order of the rule's `state_names`
};

using FlatGroups = SmallVector<FlatParameters, 2>;

/// A hyperparameter: its name, where its number or its switch is stored, and which numbers are valid.
struct Hyperparameter {
  enum Range : unsigned char {
    any,
    finite,
    fraction,  ///< [0, 1)
    epsilon    ///< finite and >= 0; for float32 parameters, 0 or a normal float32
  };

  const char* name;
  std::variant<double*, bool*> value;
  Range range = any;
};

class Optimizer;

namespace detail {

// A divisor of a rule. It is 0 only with eps = 0 and if the element has had no gradients: the step is 0 then,
// where 0 / 0 would be NaN.
template <class T>
constexpr T divisor(T value) {
  return value == 0 ? T{1} : value;
}

}  // namespace detail

/// Changes the gradients before an update: weight decay, clipping. Called by the thread that calls `update`;
/// a hook belongs to one optimizer, and is not part of what is saved.
///
///     struct Halve : OptimizerHook {
///       std::string name() const override { return "Halve"; }
///       void operator()(FlatGroups& groups, std::int64_t t) override { ... }
///     };
class OptimizerHook {
 public:
  virtual ~OptimizerHook() = default;
  virtual std::string name() const = 0;
  /// May write to the gradients. `t` updates have been done. A throw cancels the update.
  virtual void operator()(FlatGroups& groups, std::int64_t t) = 0;

 protected:
  /// The `t` of the current update, for `gpu::step_value`: a captured step (cuda/captured_step.h) calls its
  /// hooks only when it is recorded. Errors: no optimizer has the hook.
  std::int64_t updates_done() const;

 private:
  friend class Optimizer;
  const Optimizer* optimizer_ = nullptr;
};

/// The base of update rules. (Chainer: `GradientMethod`.)
///
/// `setup` takes a model; `update` changes its parameters by their gradients. A parameter without a gradient
/// is updated as if its gradient were zero: momentum and weight decay still change it.
///
///     Adam optimizer({.alpha = 1e-3});
///     optimizer.setup(model);
///     optimizer.add_hook(WeightDecay(5e-4));
///     ...
///     model.cleargrads();
///     loss.backward();
///     optimizer.update();
///     optimizer.hyperparam.alpha *= 0.99;
///
/// The model's parameters move into one buffer, their gradients into a second one, each part of the state
/// into another, so that an update is one loop. `parameter.data()` and `grad()` are views of them. If a
/// parameter has been replaced or moved since, or there is a new one, the next update makes new buffers and
/// keeps the state of those that are still there. Assigning another model to the one that was set up, `model
/// = copy(best);`, is such a replacement, if that was the only handle of the model (see Link).
///
/// **Files.** `save_npz` writes the counters, the state, the rule's name and all hyperparameters; `load_npz`
/// reads them into an optimizer of the same rule that has been set up with the same model, loaded before:
///
///     load_npz("model.npz", model);
///     load_npz("optimizer.npz", optimizer);
///
/// Training then goes on as if it had not been interrupted. Keys that Chainer has are named as there, and
/// each library reads the other's files. Hyperparameters that a file does not have, one of Chainer's or an
/// older one, stay as they are and are among the report's `missing_keys`. Hooks are added again by the
/// script.
///
/// **Threads.** One thread at a time may use an optimizer, and while it updates or loads none may use the
/// model.
///
/// A rule has `hyperparam`, a struct of its options, which may change between updates; a hyperparameter out
/// of its range is an error of `update` and of `load_npz`. An update that throws leaves parameters, state and
/// counters as they were; gradients may have been changed by the hooks before the one that threw.
///
/// On a GPU an error of the data, such as an invalid label, is thrown by the next read from the device.
/// Updates in between leave parameters and state as they were, but are counted.
class Optimizer {
 public:
  Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer();

  /// `Adam`: the first word of errors.
  virtual std::string name() const = 0;

  /// Takes the parameters of `model`; state and counters start anew. Errors: the model has no parameters that
  /// are trained, or has been moved from.
  Optimizer& setup(const Link& model);
  /// Runs the hooks, then updates every parameter. Errors: before setup; a hyperparameter out of range; those
  /// of the hooks.
  void update();

  /// The number of updates.
  std::int64_t t() const { return *t_.data<std::int64_t>(); }
  /// The number of calls of `new_epoch`.
  std::int64_t epoch() const { return *epoch_.data<std::int64_t>(); }
  void new_epoch() { ++*epoch_.data<std::int64_t>(); }

  /// Adds a hook; hooks run in the order in which they were added. Returns the hook that is kept, whose
  /// members may be changed later. Errors: the name, by default that of the hook, is taken.
  template <class Hook>
  Hook& add_hook(Hook hook, const std::string& name = "") {
    auto owned = std::make_unique<Hook>(std::move(hook));
    Hook& kept = *owned;
    insert_hook(std::move(owned), name);
    return kept;
  }
  /// Errors: no hook has that name.
  void remove_hook(const std::string& name);

  /// All hyperparameters, for saving, loading, schedules and the check of their ranges: the same ones as long
  /// as the rule exists.
  virtual std::vector<Hyperparameter> hyperparameters() = 0;

  /// Counters and state by Chainer's names: `t` and `epoch` (int64, no axes), then for each parameter
  /// `<path>/t` and `<path>/<state>`. The arrays share memory with the state, the counters too. They are
  /// valid until the next update or setup.
  NamedArrays state_arrays();
  /// What a file holds: `state_arrays`, then `rule` (the bytes of `name()`, uint8) and `hyperparam/<name>`
  /// (float64, or uint8 for a switch; no axes). Errors: before setup.
  NamedArrays save_state();
  /// For `load_npz`: reads and checks what `save_state` has written, and returns a function that assigns it.
  /// Errors: before setup; the file is of another rule; it has state of a parameter that is not initialised;
  /// a hyperparameter out of range; a `t` of a parameter that is not the optimizer's.
  std::function<void()> prepare_load(StateReader& reader);

 protected:
  /// The names of the state arrays of a parameter, which start at zero.
  virtual SmallVector<const char*, 3> state_names() const { return {}; }
  /// Throws if the hyperparameters are not valid for another reason than the range of one.
  virtual void check() const {}
  /// Update number `t`, counted from 1, of parameters on the CPU, and on a GPU.
  virtual void update_cpu(FlatParameters& parameters, std::int64_t t) = 0;
  virtual void update_gpu(FlatParameters& parameters, std::int64_t t) = 0;

  /// Errors: `Adam: beta1 must be in [0, 1), got 1.5`.
  void require(bool valid, const char* hyperparameter, const char* expected, double value) const;

 private:
  struct Entry;
  struct NamedHook;

  void insert_hook(std::unique_ptr<OptimizerHook> hook, std::string name);
  void prepare_replay();
  Link model() const { return holder_->held(); }
  bool is_flat() const;
  void flatten();
  void check_hyperparameters() const;
  void check_range(const Hyperparameter& hyperparameter) const;
  void require_rule(StateReader& reader) const;
  void require_initialized(const StateReader& reader) const;
  std::vector<double> hyperparameter_values() const;
  std::vector<double> read_hyperparameters(StateReader& reader) const;
  void zero_missing_gradients();

  std::unique_ptr<Link> holder_;                 // of the model
  std::vector<Hyperparameter> hyperparameters_;  // listed once: an update allocates nothing
  FlatGroups groups_;
  std::vector<Entry> entries_;
  std::vector<NamedHook> hooks_;
  std::size_t flattenings_ = 0;   // a captured step compares it with that of its recording
  std::size_t hook_changes_ = 0;  // the same
  Array t_ = Array::scalar(0, Dtype::int64);
  Array epoch_ = Array::scalar(0, Dtype::int64);
};

}  // namespace tenbin
