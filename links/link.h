// Links: named parameters of a model, and how to move, copy, clear and save them.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/links/deep_copy.h"
#include "tenbin/links/parameter.h"
#include "tenbin/links/registry.h"

namespace tenbin {

class StateReader;

/// An object with parameters and possibly other links inside it. (Chainer: `Link` and `Chain`.) Names are
/// joined with '/' to paths: `l1/W`.
///
///     struct Net : Chain {
///       Linear l1 = link("l1", Linear(784, 256));
///       Linear l2 = link("l2", Linear(256, 10));
///       Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
///     };
///
/// **A link is a handle**, like a Variable: `Net best = model;` is a second name for the same parameters, as
/// in Python, and changes with them when `model` is trained. `copy(model)` makes an independent link. Handles
/// share parameters because `link` registers one handle and returns another: a member and its registration
/// must be the same layer, as must two members with tied weights.
///
/// **Assignment** of another link to a registered member replaces the registered link:
///
///     model.l2 = Linear(256, 2);                        // a new head: from now on trained, saved and copied
///     model.l2 = model.relink("l2", Linear(256, 2));    // the same, also if there are other handles
///
/// The first form requires that the member is the only handle of the old layer apart from those of the links
/// and optimizers that it is registered in. If there are others (`Net alias = model;`), only that handle
/// changes, and `Optimizer::setup` of the model refuses it. Moving a layer that is registered in the same
/// link, `l = model.link("l2", Linear(4, 4));`, also changes only the handle. Moving a layer that is
/// registered in another model, `model.l2 = pretrained().l2;`, replaces the registered link. An optimizer
/// detects new parameters at the next update, and gives them a new state. An optimizer that was set up with
/// `model` also follows `model = copy(best);`.
///
/// **Threads.** Any number of threads may call and read a link at the same time (including the first call of
/// a lazily sized link). Everything that changes it - also backward and update, which write gradients and
/// parameters; registering, assigning, moving, loading - must exclude all other threads.
///
/// A link that has been moved from may be assigned to, copied, destroyed and tested with `bool`; any other
/// use is an error.
class Link {
 public:
  /// `kind` is the class name in printed text.
  explicit Link(std::string kind = "Link");
  Link(const Link& other) : registry_(detail::copied(other.registry_)) {
    if (!detail::ReplacedHandles::are_empty()) detail::ReplacedHandles::copy(&other, this);
  }
  Link(Link&& other) noexcept : registry_(std::move(other.registry_)) {
    if (!detail::ReplacedHandles::are_empty()) detail::ReplacedHandles::move(&other, this);
  }
  /// See "Assignment" above.
  Link& operator=(const Link& other) { return assign(Link(other), true); }
  // NOLINTNEXTLINE(performance-noexcept-move-constructor): it allocates in registries
  Link& operator=(Link&& other) { return assign(std::move(other), false); }
  ~Link() {
    if (!detail::ReplacedHandles::are_empty()) detail::ReplacedHandles::remove(this);
  }

  /// False for a link that has been moved from.
  explicit operator bool() const { return registry_ != nullptr; }

  const std::string& kind() const;

  /// Registers a parameter and returns it. Without data it is uninitialised until `set_data`. One that does
  /// not require a gradient (a running mean, a count) is saved with the model but not trained. Store it as a
  /// Parameter: with a member `Variable w = param("w", ...)` a `copy` would share the parameter of the
  /// original. Errors: the name is already used, empty, or contains '/'.
  ///
  ///     Parameter gamma = param("gamma", Array::ones({64}));
  Parameter param(const std::string& name, Array data = {}, bool requires_grad = true);
  /// Registers an uninitialised parameter with known properties, which `load_npz` checks.
  Parameter param(const std::string& name, const LazyShape& lazy, bool requires_grad = true);
  /// Registers an existing parameter, to share it.
  Parameter param(const std::string& name, const Parameter& parameter);

  /// Registers a link inside this one and returns it. Errors: as for `param`; the link contains this link, or
  /// has been moved from.
  template <class L>
  L link(const std::string& name, L value) {
    static_assert(std::is_base_of_v<Link, L>, "link(name, value): value must be a Link");
    add_child(name, value);
    return value;
  }
  /// Replaces the link that is registered as `name`, and returns the new one. The order of registration
  /// stays. Errors: there is no link of that name; the new link contains this link, or has been moved from.
  ///
  ///     model.head = model.relink("head", Linear(256, 2));
  template <class L>
  L relink(const std::string& name, L value) {
    static_assert(std::is_base_of_v<Link, L>, "relink(name, value): value must be a Link");
    replace_child(name, value);
    return value;
  }

  /// Freezes all parameters that are registered in this link now, also of the links inside: see
  /// `Parameter::disable_update`. A `copy` is frozen, too; a layer that is assigned later is not.
  ///
  ///     model.body.disable_update();  // trains the head alone, before or after `setup`
  void disable_update() const;
  /// Ends `disable_update` of all of them. They continue with the state that they had.
  void enable_update() const;
  /// Whether there is a parameter that is trained and not frozen.
  bool update_enabled() const;

  /// The parameters that are trained, also frozen ones, each once: first this link's own, then those of the
  /// links inside, in the order of registration.
  std::vector<Parameter> params() const;
  /// The same with their paths; a shared parameter is listed with each of its paths.
  NamedParameters namedparams() const;

  /// Clears the gradients.
  void cleargrads() const;
  /// Moves the parameters and their gradients to a device. Uninitialised parameters have nothing to move;
  /// when they are loaded from a file, they are created on that device.
  Link& to(Device device);
  /// The number of trained elements. An uninitialised parameter counts as 0.
  std::size_t count_params() const;

  /// Copies the values, also persistent ones, from a link of the same structure. Dtype and device stay.
  /// Errors: names or shapes differ; then nothing is changed.
  void copyparams(const Link& other);

  /// The content of a file of this link: all parameters, also persistent values, by path. The arrays share
  /// memory with the parameters; the array of an uninitialised parameter is empty.
  NamedArrays state_arrays() const;
  /// For `load_npz`: reads and checks all parameters, and returns a function that assigns the values.
  /// Uninitialised parameters take their shape from the file.
  std::function<void()> prepare_load(StateReader& reader) const;

  /// Calls `visitor(path, parameter)` for every registered parameter, also persistent values. `path` starts
  /// with `prefix`.
  template <class F>
  void visit_named(F&& visitor, const std::string& prefix = "") const;
  /// The same without paths; does not allocate.
  template <class F>
  void visit(F&& visitor) const;

  /// Prints one line per link: path, kind, parameters, number of elements; then the total.
  friend std::ostream& operator<<(std::ostream& out, const Link& link);

 protected:
  /// For lazily sized links: whether `initialize_once` has been called.
  bool is_ready() const;
  /// Calls `initialize` under a lock; it must check whether there is anything left to do.
  void initialize_once(const std::function<void()>& initialize) const;

  /// Returns the result of `f`. For `operator()`: if this link is inside another, its path is prepended to an
  /// Error of `f`: `l1: linear: x and W differ ...`.
  template <class F>
  auto with_path(F&& f) const -> decltype(f()) {
    try {
      return f();
    } catch (const Error& error) {
      rethrow_with_path(error);
    }
  }

 private:
  friend class Checkpoint;
  friend class Optimizer;

  explicit Link(std::shared_ptr<detail::LinkRegistry> registry) : registry_(std::move(registry)) {}
  // A link that contains only `link`. Optimizers and checkpoints hold their model in one, so that assigning
  // another link to the model replaces it there.
  static Link holder_of(const Link& link);
  Link held() const;

  Link& assign(Link&& other, bool is_copy);
  bool replace_in_owners(const Link& other, bool is_copy) const;
  // The path of a link that was registered as a member of this object, of `bytes` bytes, which is another one
  // now that is not registered; empty if there is none.
  std::string replaced_member(std::size_t bytes) const;
  void add_child(const std::string& name, const Link& child);
  void replace_child(const std::string& name, const Link& child);
  void require_free(const std::string& name) const;
  Parameter add_param(const std::string& name, const Parameter& parameter, const LazyShape* lazy);
  detail::LinkRegistry& registry(const char* call) const {
    if (!registry_) throw_moved_from(call);
    return *registry_;
  }
  [[noreturn]] static void throw_moved_from(const char* call);
  [[noreturn]] void rethrow_with_path(const Error& error) const;

  std::shared_ptr<detail::LinkRegistry> registry_;
};

/// A link that contains links: the base class of models.
class Chain : public Link {
 public:
  explicit Chain(std::string kind = "Chain") : Link(std::move(kind)) {}
};

/// An independent copy of a link: new parameters with the same values and no gradients. Parameters that are
/// shared within the link are shared within the copy. (Python: `copy.deepcopy(link)`.) To keep the best model
/// of a training, copy it: `best = model` would be another name for the model that training goes on changing.
///
/// Members are copied as C++ copies them: values, `std::vector`, `std::optional`, `std::map`,
/// `std::function`. A `std::shared_ptr<Linear>` would point to the original's layer. Errors: the original
/// holds a registered link or parameter in such a member. A parameter in a member of type Variable is
/// not detected: the copy shares it with the original.
///
///     Net best = copy(model);
template <class L, class = std::enable_if_t<std::is_base_of_v<Link, L>>>
L copy(const L& link) {
  const detail::DeepCopyScope scope;
  L made(link);
  if constexpr (sizeof(L) > sizeof(Link)) scope.require_members_copied();  // otherwise it has no members
  return made;
}

// ----------------------------------------------------------------------------------------------------

template <class F>
void Link::visit_named(F&& visitor, const std::string& prefix) const {
  std::string path = prefix;
  detail::LinkWalk walk(registry("visit_named"), &path);
  do {
    const std::size_t length = path.size();
    for (const auto& entry : walk->params) {
      visitor(static_cast<const std::string&>(path += entry.name), entry.parameter);
      path.resize(length);
    }
  } while (walk.next());
}

template <class F>
void Link::visit(F&& visitor) const {
  detail::LinkWalk walk(registry("visit"));
  do {
    for (const auto& entry : walk->params) visitor(entry.parameter);
  } while (walk.next());
}

}  // namespace tenbin
