// The base of update rules: it keeps the parameters of a model in one buffer, the hooks, the counters, the
// state.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "tenbin/links/link.h"

namespace tenbin {

/// Where a parameter is in the arrays of FlatParameters.
struct FlatParameter {
  std::string path;  ///< of a shared parameter, its first one
  Shape shape;
  std::size_t begin;
  std::size_t end;
};

/// The parameters of one group (`group`, below), dtype and device in one array of one axis, their gradients
/// in another, and their states: all of the same length. Frozen parameters are not among them.
struct FlatParameters {
  Array data;
  Array grad;
  SmallVector<Array, 3> states;           ///< in the order of the rule's `state_names`
  std::vector<FlatParameter> parameters;  ///< each once, in the order of `begin`
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

/// Whether a path, such as `body/l1/W`, matches a pattern as a whole: `*` stands for any characters, also '/'
/// and also no character, `?` for any one character.
bool path_matches(const std::string& pattern, const std::string& path);

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
///     struct HalveBiases : OptimizerHook {
///       std::string name() const override { return "HalveBiases"; }
///       void operator()(FlatGroups& groups, std::int64_t) override {
///         for (FlatParameters& group : groups)
///           for (const FlatParameter& p : group.parameters)
///             if (path_matches("*/b", p.path)) halve(group.grad.slice(p.begin, p.end));  // a view
///       }
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
/// **Groups.** `group`, a function of the rules, gives parameters hyperparameters and hooks of their own, by
/// their paths:
///
///     Adam& body = optimizer.group("body/*", {.alpha = 1e-5});  // other options: the optimizer's
///     body.hyperparam.alpha *= 0.99;
///     optimizer.group("head/W").add_hook(WeightDecay(5e-4));    // decays the head's weights alone
///
/// - `*` stands for any characters, also '/', `?` for one; the pattern must match the whole path.
/// - A parameter belongs to the last added group that matches it; a shared one, to the last that matches one
///   of its paths. The optimizer itself updates those that no group matches.
/// - A group starts with the options that it is given and, for the others, with the optimizer's values of
///   that moment. Later changes of the optimizer's values, such as those of a schedule, do not change it.
/// - Hooks of the optimizer get the gradients of all groups, and run first; then those of each group get its
///   gradients alone.
/// - A group may be added before `setup` or later; parameters that change their group keep their state. A
///   group without parameters is an error of `setup`, or of `group` if that is called later.
/// - A group exists as long as its optimizer, which does the rest: `setup`, `update`, saving and loading of a
///   group are errors.
///
/// **Freezing.** Parameters that are frozen (`Link::disable_update`) are not updated: no step, no hook, no
/// part in the norm of GradientClipping. Their state stays. Files say which parameters are frozen, and
/// `load_npz` freezes and unfreezes the model's: a run that unfreezes layers one by one is resumed as it was.
///
/// **Files.** `save_npz` writes the counters, the state, the rule's name and all hyperparameters; `load_npz`
/// reads them into an optimizer of the same rule that has been set up with the same model, loaded before:
///
///     load_npz("model.npz", model);
///     load_npz("optimizer.npz", optimizer);
///
/// Training then goes on as if it had not been interrupted. Keys that Chainer has are named as there, and
/// each library reads the other's files. Hyperparameters that a file does not have, one of Chainer's or an
/// older one, stay as they are and are among the report's `missing_keys`. Hooks and groups are added again by
/// the script; a file of other groups is an error.
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
  /// are trained, or has been moved from; a group matches none of them; another link was assigned to a member
  /// of `model` (of type L, not to elements of containers) without replacing the registered one (see Link).
  template <class L>
  Optimizer& setup(const L& model) {
    static_assert(std::is_base_of_v<Link, L>, "setup(model): model must be a Link");
    return set_up(model, sizeof(L));
  }
  /// Runs the hooks, then updates every parameter that is not frozen. Errors: before setup; a hyperparameter
  /// out of range; those of the hooks.
  void update();

  /// The model, as `setup` has got it or as it was assigned since. Errors: before setup.
  Link target() const;

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

  /// The hyperparameter `lr`, or Adam's `alpha`, whatever a rule calls it; of the groups, each has its own.
  /// Errors: the rule has no learning rate, as AdaDelta.
  ///
  ///     optimizer.set_learning_rate(0.1 * optimizer.learning_rate());
  virtual double learning_rate();
  virtual void set_learning_rate(double rate);
  /// A hyperparameter by its name, to read and to set; of an element of `hyperparam`, the same number.
  /// Errors: the rule has none of that name; it is a switch.
  ///
  ///     optimizer.hyperparameter("momentum") = 0.95;
  double& hyperparameter(std::string_view name);

  /// The groups, in the order in which they were added.
  std::vector<Optimizer*> groups() const;
  /// The pattern of a group; of an optimizer, empty.
  const std::string& pattern() const { return pattern_; }

  /// All hyperparameters, for saving, loading, schedules and the check of their ranges: the same ones as long
  /// as the rule exists.
  virtual std::vector<Hyperparameter> hyperparameters() = 0;

  /// Counters and state by Chainer's names: `t` and `epoch` (int64, no axes), then for each parameter
  /// `<path>/t` and `<path>/<state>`. The arrays share memory with the state, the counters too. They are
  /// valid until the next update or setup.
  NamedArrays state_arrays();
  /// What a file holds: `state_arrays`, then `rule` (the bytes of `name()`, uint8) and `hyperparam/<name>`
  /// (float64, or uint8 for a switch; no axes), then for group i `group/<i>/pattern` (its bytes) and
  /// `group/<i>/hyperparam/<name>`, and `frozen`, the paths of the frozen parameters, one per line, if there
  /// are any. Errors: before setup.
  NamedArrays save_state();
  /// For `load_npz`: reads and checks what `save_state` has written, and returns a function that assigns it.
  /// Errors: before setup; the file is of another rule, has other groups or freezes other parameters; it has
  /// state of a parameter that is not initialised; a hyperparameter out of range; a `t` of a parameter that
  /// is not the optimizer's.
  std::function<void()> prepare_load(StateReader& reader);

  /// Gradients of the same parameters beside those of the optimizer: see detail/shard_gradients.h.
  class ShardGradients;

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

  /// For the function `group` of a rule: adds a group whose hyperparameters are those of `rule`, which is of
  /// the class of this optimizer or of its base. Errors: there is a group of that pattern already; this
  /// optimizer is a group; after setup, no parameter matches.
  template <class Rule>
  Rule& add_group(const std::string& pattern, std::unique_ptr<Rule> rule) {
    Rule& kept = *rule;
    insert_group(pattern, std::move(rule));
    return kept;
  }

 private:
  struct Entry;
  struct NamedHook;
  struct Buffer;
  struct FrozenParameters {
    std::vector<Parameter> frozen, updated;
  };
  using NamedHyperparameters = std::vector<std::pair<std::string, Hyperparameter>>;

  std::string title() const;
  Optimizer& set_up(const Link& model, std::size_t bytes);
  void insert_hook(std::unique_ptr<OptimizerHook> hook, std::string name);
  void insert_group(const std::string& pattern, std::unique_ptr<Optimizer> rule);
  void require_not_group(const char* call) const;
  template <class F>
  void each_rule(F&& f);
  std::size_t group_of(const std::string& path) const;
  std::unordered_map<const detail::Node*, std::size_t> groups_of_parameters(const Link& model) const;
  void require_matches(const Link& model) const;
  void prepare_replay();
  Link model() const { return holder_->held(); }
  bool is_flat() const;
  bool is_frozen_as_before() const;
  std::size_t hook_changes() const;
  std::vector<Entry> list_entries(std::vector<Buffer>& buffers);
  void flatten();
  FlatGroups& all_flats() { return groups_.empty() ? flats_ : all_flats_; }
  void update_flats(std::int64_t t);
  const std::vector<Hyperparameter>& listed();
  std::string hyperparameter_names();
  void check_hyperparameters();
  void check_range(const Hyperparameter& hyperparameter) const;
  void require_rule(StateReader& reader) const;
  void require_groups(StateReader& reader) const;
  void require_initialized(const StateReader& reader) const;
  FrozenParameters read_frozen(StateReader& reader) const;
  NamedHyperparameters saved_hyperparameters();
  void zero_missing_gradients();

  std::unique_ptr<Link> holder_;                    // of the model
  std::vector<Hyperparameter> hyperparameters_;     // listed once: an update allocates nothing
  std::vector<std::unique_ptr<Optimizer>> groups_;  // they share t_ and epoch_
  const Optimizer* owner_ = nullptr;                // of a group
  std::string pattern_;                             // of a group
  FlatGroups flats_;                                // those that this rule updates
  FlatGroups all_flats_;                            // if there are groups: also theirs
  std::size_t state_count_ = 0;                     // of each of flats_
  bool has_new_group_ = false;                      // since the parameters were moved
  std::vector<Entry> entries_;
  std::vector<NamedHook> hooks_;
  std::size_t flattenings_ = 0;   // a captured step compares it with that of its recording
  std::size_t hook_changes_ = 0;  // the same
  Array t_ = Array::scalar(0, Dtype::int64);
  Array epoch_ = Array::scalar(0, Dtype::int64);
};

}  // namespace tenbin
