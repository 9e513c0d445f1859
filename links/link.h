// Parameters with names: what a model is made of, how it is moved, copied, cleared and saved.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tenbin/core/variable.h"

namespace tenbin {

class StateReader;

namespace detail {

struct LinkRegistry;

// The links that a link or a parameter is registered in.
using Owners = std::vector<std::weak_ptr<LinkRegistry>>;

// Shared by all handles of a registered parameter. How many there are tells whether one is the last outside
// the owners.
struct Registration {
  Owners owners;
  // Where the values have been before an optimizer laid them out: graphs from before read them there still.
  std::vector<Array> replaced;

  // Whoever changes the values calls this: those graphs are out of date then.
  void mark_replaced() {
    for (Array& array : replaced) array.mark_changed();
    replaced.clear();
  }
};

// While one lives, copying a Parameter or a Link of this thread makes a new one with values of its own, and
// always the same new one for the same original (the idea of Python's deepcopy memo). Member-wise copying of
// any structure of links is then a deep copy, and what was shared within it is shared within the copy.
class DeepCopyScope {
 public:
  DeepCopyScope();
  ~DeepCopyScope();
  DeepCopyScope(const DeepCopyScope&) = delete;
  DeepCopyScope& operator=(const DeepCopyScope&) = delete;

  // Errors: a link or a parameter that has handles outside the original has none in the copy, so the copy's
  // member refers to the original.
  void require_members_copied() const;

 private:
  void require_parameters_copied() const;

  bool outermost_;
};

Variable copied(const Variable& variable);
std::shared_ptr<Registration> copied(const std::shared_ptr<Registration>& registration);
std::shared_ptr<LinkRegistry> copied(const std::shared_ptr<LinkRegistry>& registry);

}  // namespace detail

/// A Variable that belongs to a Link. One without data is uninitialised: its shape is not known yet.
///
/// Hot code takes it as `const Variable&`.
class Parameter : public Variable {
 public:
  Parameter() = default;
  explicit Parameter(Array data, bool requires_grad = true) : Variable(std::move(data), requires_grad) {}

  Parameter(const Parameter& other)
      : Variable(detail::copied(other)), registration_(detail::copied(other.registration_)) {}
  Parameter(Parameter&& other) noexcept = default;
  /// Assigning a new Parameter to the member that a link has registered registers the new one in its place,
  /// as for `Link::operator=`.
  Parameter& operator=(const Parameter& other) { return assign(Parameter(other), true); }
  Parameter& operator=(Parameter&& other) { return assign(std::move(other), false); }
  ~Parameter() = default;

  bool is_initialized() const { return *this && data(); }

 private:
  friend class Link;
  friend class Optimizer;
  friend class detail::DeepCopyScope;
  friend std::shared_ptr<detail::LinkRegistry> detail::copied(const std::shared_ptr<detail::LinkRegistry>&);

  Parameter& assign(Parameter&& other, bool is_copy);
  void replace_in_owners(Parameter& other, bool is_copy);

  mutable std::shared_ptr<detail::Registration> registration_;  // none until a link has it
};

using NamedParameters = std::vector<std::pair<std::string, Parameter>>;

/// What is known of a parameter before the first forward pass: its dtype, and its shape but for axes of
/// length `unknown`.
///
///     W = param("W", LazyShape{Dtype::float32, {out_size, LazyShape::unknown}});
struct LazyShape {
  static constexpr std::size_t unknown = ~std::size_t{0};

  Dtype dtype = Dtype::float32;
  Shape shape;
};

/// Prints `float32(8, ?)`.
std::ostream& operator<<(std::ostream& out, const LazyShape& lazy);

/// Something with parameters and, maybe, links inside it. (Chainer: `Link` and `Chain`.) Names are joined
/// with '/' to paths: `l1/W`.
///
///     struct MLP : Chain {
///       Linear l1 = link("l1", Linear(784, 256));
///       Linear l2 = link("l2", Linear(256, 10));
///       Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
///     };
///
/// **A link is a handle**, as a Variable is: `MLP best = model;` is a second name for the same parameters, as
/// in Python, and goes on changing when `model` is trained. `copy(model)` makes an independent one. Copies
/// share because `link` registers one handle and returns another: a member and its registration must be the
/// same layer, as must two members that are tied.
///
/// **Assignment** of another link to a registered member puts it in the place of the old one:
///
///     model.l2 = Linear(256, 2);                        // a new head: trained, saved and copied from now on
///     model.l2 = model.relink("l2", Linear(256, 2));    // the same, whatever other handles there are
///
/// The first form needs the member to be the only handle of the old layer besides those of the links and
/// optimizers that it is registered in. If there are others (`MLP alias = model;`), it changes that handle
/// alone. So does moving what is registered in the same link, `l = model.link("l2", Linear(4, 4));`, but not
/// what is registered in another model, `model.l2 = pretrained().l2;`. An optimizer notices at the next
/// update, and starts the new parameters with a new state. An optimizer that has been set up with `model`
/// likewise follows `model = copy(best);`.
///
/// **Threads.** Any number of threads may apply a link at the same time (the first call of a lazily sized one
/// included), and read it. Everything that changes it - backward and update too, as they write to gradients
/// and parameters; registering, assigning, moving, loading - needs all others to wait.
///
/// A link that has been moved from may be assigned to, copied, destroyed and tested with `bool`; anything
/// else is an error.
class Link {
 public:
  /// `kind` is what printing calls it.
  explicit Link(std::string kind = "Link");
  Link(const Link& other) : registry_(detail::copied(other.registry_)) {}
  Link(Link&& other) noexcept = default;
  /// See "Assignment" above.
  Link& operator=(const Link& other) { return assign(Link(other), true); }
  Link& operator=(Link&& other) { return assign(std::move(other), false); }
  ~Link() = default;

  /// False for a link that has been moved from.
  explicit operator bool() const { return registry_ != nullptr; }

  const std::string& kind() const;

  /// Registers a parameter and returns it. Without data it is uninitialised until `set_data`; one that does
  /// not require a gradient (a running mean, a count) is saved with the model but not trained. Keep it as a
  /// Parameter: a member `Variable w = param("w", ...)` would still be the original's in a `copy`.
  /// Errors: the name is taken, empty, or contains '/'.
  ///
  ///     Parameter gamma = param("gamma", Array::ones({64}));
  Parameter param(const std::string& name, Array data = {}, bool requires_grad = true);
  /// Registers an uninitialised parameter of which something is known: `load_npz` checks it.
  Parameter param(const std::string& name, const LazyShape& lazy);
  /// Registers a parameter that exists already, to share it.
  Parameter param(const std::string& name, const Parameter& parameter);

  /// Registers a link inside this one and returns it. Errors: as for `param`; it contains this link; it has
  /// been moved from.
  template <class L>
  L link(const std::string& name, L value) {
    static_assert(std::is_base_of_v<Link, L>, "link(name, value): value must be a Link");
    add_child(name, value);
    return value;
  }
  /// Puts another link in the place of the one that is registered as `name`, and returns it. The order of
  /// registration stays. Errors: there is none of that name; it contains this link; it has been moved from.
  ///
  ///     model.head = model.relink("head", Linear(256, 2));
  template <class L>
  L relink(const std::string& name, L value) {
    static_assert(std::is_base_of_v<Link, L>, "relink(name, value): value must be a Link");
    replace_child(name, value);
    return value;
  }

  /// The parameters that are trained, each once: this link's own, then those of the links inside, in the
  /// order of registration.
  std::vector<Parameter> params() const;
  /// The same with their paths; a shared parameter comes with each of its paths.
  NamedParameters namedparams() const;

  /// Forgets the gradients.
  void cleargrads() const;
  /// Moves the parameters and their gradients. Uninitialised ones have nothing to move; loaded from a file,
  /// they are made there.
  Link& to(Device device);
  /// The number of trained elements. An uninitialised parameter counts 0.
  std::size_t count_params() const;

  /// Overwrites the values, persistent ones too, with those of a link of the same structure. Dtype and device
  /// stay. Errors: names or shapes differ; nothing is changed then.
  void copyparams(const Link& other);

  /// What a file of this link holds: all parameters, persistent values too, by path. The arrays share memory
  /// with the parameters; that of an uninitialised parameter is none.
  NamedArrays state_arrays() const;
  /// For `load_npz`: reads and checks all parameters, and returns what puts the values in place.
  /// Uninitialised ones take their shape from the file.
  std::function<void()> prepare_load(StateReader& reader) const;

  /// Calls `visitor(path, parameter)` for everything registered, persistent values too. `path` starts with
  /// `prefix`.
  template <class F>
  void visit_named(F&& visitor, const std::string& prefix = "") const;
  /// The same without paths; allocates nothing.
  template <class F>
  void visit(F&& visitor) const;

  /// Prints one line a link: path, kind, parameters, how many elements they have; then the total.
  friend std::ostream& operator<<(std::ostream& out, const Link& link);

 protected:
  /// For lazily sized links: whether `initialize_once` has been called.
  bool is_ready() const;
  /// Calls `initialize`, which must check whether there is anything to do, while no other thread does.
  void initialize_once(const std::function<void()>& initialize) const;

  /// What `f` returns. For `operator()`: an Error of `f` gets the path of this link, if it is inside another
  /// one, in front: `l1: linear: x and W differ ...`.
  template <class F>
  auto with_path(F&& f) const -> decltype(f()) {
    try {
      return f();
    } catch (const Error& error) {
      rethrow_with_path(error);
    }
  }

 private:
  friend class Optimizer;

  explicit Link(std::shared_ptr<detail::LinkRegistry> registry) : registry_(std::move(registry)) {}
  // A link with `link` as the only one inside. Optimizers hold their model in one: assigning another to the
  // model replaces it there.
  static Link holder_of(const Link& link);
  Link held() const;

  Link& assign(Link&& other, bool is_copy);
  void replace_in_owners(const Link& other, bool is_copy) const;
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

namespace detail {

struct LinkRegistry {
  struct Param {
    std::string name;
    Parameter parameter;
    bool is_lazy;  // something is known of its shape
    LazyShape lazy;
  };
  struct Child {
    std::string name;
    std::shared_ptr<LinkRegistry> link;
  };

  LinkRegistry() = default;
  LinkRegistry(const LinkRegistry&) = delete;
  LinkRegistry& operator=(const LinkRegistry&) = delete;
  ~LinkRegistry();

  std::string kind;
  std::vector<Param> params;
  std::vector<Child> children;
  std::unordered_set<std::string> names;  // of both
  Owners owners;
  Device device;  // where `to` moved it
  // What a handle of this link was assigned last: if that was a whole model, its members are assigned next.
  std::weak_ptr<LinkRegistry> left_for;
  std::mutex initialization;
  std::atomic<bool> is_ready{false};
  std::shared_ptr<LinkRegistry> next_doomed;  // see the destructor
};

// The links of a tree, each before those inside it, in the order of registration. Not by recursion, as links
// may be nested deeply.
class LinkWalk {
 public:
  // `path`, if there is one, is kept at the path of the current link, with a '/' behind it.
  explicit LinkWalk(LinkRegistry& root, std::string* path = nullptr) : path_(path) { enter(root); }

  LinkRegistry& operator*() const { return *levels_.back().registry; }
  LinkRegistry* operator->() const { return levels_.back().registry; }
  // False after the last one.
  bool next() {
    for (; !levels_.empty(); levels_.pop_back()) {
      Level& level = levels_.back();
      if (path_ != nullptr) path_->resize(level.path_length);
      if (level.next_child == level.registry->children.size()) continue;
      const LinkRegistry::Child& child = level.registry->children[level.next_child++];
      if (path_ != nullptr) (*path_ += child.name) += '/';
      enter(*child.link);
      return true;
    }
    return false;
  }

 private:
  struct Level {
    LinkRegistry* registry;
    std::size_t next_child;
    std::size_t path_length;
  };

  void enter(LinkRegistry& registry) {
    levels_.push_back({&registry, 0, path_ == nullptr ? 0 : path_->size()});
  }

  std::string* path_;
  SmallVector<Level, 8> levels_;
};

}  // namespace detail

/// A link made of links: the base of models.
class Chain : public Link {
 public:
  explicit Chain(std::string kind = "Chain") : Link(std::move(kind)) {}
};

/// An independent copy of a link: parameters of its own with the same values and no gradients. Parameters
/// that are shared within the link are shared within the copy. (Python: `copy.deepcopy(link)`.) To keep the
/// best model of a training, copy it: `best = model` would be another name for the model that is trained on.
///
/// Members are copied as C++ copies them: values, `std::vector`, `std::optional`, `std::map`,
/// `std::function`. A `std::shared_ptr<Linear>` would point to the original's layer. Errors: a registered
/// link or parameter that the original holds like that. A parameter in a member of type Variable is not
/// noticed: the copy's member is the original's.
///
///     MLP best = copy(model);
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
