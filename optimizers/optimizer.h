// What update rules share: the parameters of a model laid end to end, the hooks, the counters, the state.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/cuda/without_cuda.h"
#include "tenbin/links/link.h"

namespace tenbin {

/// The parameters of one dtype and device, laid end to end: one axis each, all of the same length.
struct FlatParameters {
  Array data;
  Array grad;
  SmallVector<Array, 3> states;  ///< in the order of the rule's `state_names`
};

using FlatGroups = SmallVector<FlatParameters, 2>;

class Optimizer;

/// Changes the gradients before an update: weight decay, clipping.
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
  /// What `t` would be now: a captured step (cuda/captured_step.h) calls its hooks once, and counts on. For
  /// `gpu::step_value`. Errors: no optimizer has the hook.
  std::int64_t updates_done() const;

 private:
  friend class Optimizer;
  const Optimizer* optimizer_ = nullptr;
};

/// The base of update rules. (Chainer: `GradientMethod`.)
///
/// `setup` takes a model; `update` moves its parameters by their gradients. A parameter without a gradient
/// counts as one whose gradient is zero: momentum and weight decay still move it.
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
/// The model's parameters move into one block of memory, their gradients into a second one, each part of the
/// state into another, so that an update is one loop. `parameter.data()` and `grad()` are views of them. If a
/// parameter has been replaced or moved since, or a new one has appeared, the next update lays out anew and
/// keeps the state.
///
/// A rule has `hyperparam`, a struct of its options, which may change between updates; a hyperparameter out
/// of its range is an error of `update`. An update that throws leaves parameters, state and counters as they
/// were; gradients may have been changed by the hooks before the one that threw.
///
/// On a GPU an error of the data, such as a label that is no class, is thrown by whatever reads from the
/// device next. Updates in between leave parameters and state as they were, but have been counted.
class Optimizer {
 public:
  Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer();

  /// `Adam`: the first word of errors.
  virtual std::string name() const = 0;

  /// Takes the parameters of `model`; state and counters start anew.
  Optimizer& setup(const Link& model);
  /// Runs the hooks, then moves every parameter. Errors: before setup; a hyperparameter out of range; those
  /// of the hooks.
  void update();

  /// Updates done.
  std::int64_t t() const { return *t_.data<std::int64_t>(); }
  /// Epochs done, as far as `new_epoch` was told.
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
  /// Errors: there is none of that name.
  void remove_hook(const std::string& name);

  /// What a file of this optimizer holds, by Chainer's names: `t` and `epoch` (int64, no axes), then for each
  /// parameter `<path>/t` and `<path>/<state>`. The arrays share memory with the state, the counters
  /// too: writing to them is how it is loaded. They are good until the next update or setup.
  NamedArrays state_arrays();

 protected:
  /// The names of the state arrays of a parameter, which start at zero.
  virtual SmallVector<const char*, 3> state_names() const { return {}; }
  /// Throws if a hyperparameter is out of range.
  virtual void check() const = 0;
  /// Update number `t`, counted from 1, of parameters on the CPU, and on a GPU.
  virtual void update_cpu(FlatParameters& parameters, std::int64_t t) = 0;
  virtual void update_gpu(FlatParameters& parameters, std::int64_t t) = 0;

  /// Errors: `Adam: beta1 must be in [0, 1), got 1.5`.
  void require(bool valid, const char* hyperparameter, const char* expected, double value) const;
  void require_finite(const char* hyperparameter, double value) const;
  void require_fraction(const char* hyperparameter, double value) const;  ///< in [0, 1)
  /// Also refuses an eps that float32 parameters would see as 0.
  void require_epsilon(double eps) const;

 private:
  struct Entry;
  struct NamedHook;

  void insert_hook(std::unique_ptr<OptimizerHook> hook, std::string name);
  void prepare_replay();
  bool is_laid_out() const;
  void lay_out();
  void zero_missing_gradients();

  std::unique_ptr<Link> model_;
  FlatGroups groups_;
  std::vector<Entry> entries_;
  std::vector<NamedHook> hooks_;
  std::size_t layout_ = 0;        // a captured step knows the layout that there was
  std::size_t hook_changes_ = 0;  // a captured step knows the hooks that there were
  Array t_ = Array::scalar(0, Dtype::int64);
  Array epoch_ = Array::scalar(0, Dtype::int64);
};

}  // namespace tenbin

/// Stands in for a rule's .cu file in a build without CUDA. The last line of its .cpp.
#define TENBIN_NO_GPU_UPDATE(Class)                                           \
  TENBIN_WITHOUT_CUDA(void Class::update_gpu(FlatParameters&, std::int64_t) { \
    throw Error(name(), ": this is a build without CUDA");                    \
  })                                                                          \
  static_assert(true, "")
