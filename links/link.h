// Parameters with names: what a model is made of, how it is moved, copied, cleared and saved.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/core/variable.h"

namespace tenbin {

namespace detail {

struct LinkRegistry;

// While one lives, copying a Parameter or a Link of this thread makes a new one with values of its own, and
// always the same new one for the same original (the idea of Python's deepcopy memo). Member-wise copying of
// any structure of links is then a deep copy, and what was shared within it is shared within the copy.
class DeepCopyScope {
 public:
  DeepCopyScope();
  ~DeepCopyScope();
  DeepCopyScope(const DeepCopyScope&) = delete;
  DeepCopyScope& operator=(const DeepCopyScope&) = delete;

 private:
  bool outermost_;
};

Variable copied(const Variable& variable);
std::shared_ptr<LinkRegistry> copied(const std::shared_ptr<LinkRegistry>& registry);

}  // namespace detail

/// A Variable that belongs to a Link. One without data is uninitialised: its shape is not known yet.
///
/// Hot code takes it as `const Variable&`.
class Parameter : public Variable {
 public:
  Parameter() = default;
  explicit Parameter(Array data, bool requires_grad = true) : Variable(std::move(data), requires_grad) {}

  Parameter(const Parameter& other) : Variable(detail::copied(other)) {}
  Parameter(Parameter&& other) noexcept = default;
  Parameter& operator=(const Parameter& other) { return *this = Parameter(other); }
  Parameter& operator=(Parameter&& other) noexcept = default;
  ~Parameter() = default;

  bool is_initialized() const { return *this && data(); }
};

using NamedParameters = std::vector<std::pair<std::string, Parameter>>;

/// Something with parameters and, maybe, links inside it. (Chainer: `Link` and `Chain`.)
///
/// A link is a handle, as a Variable is: a copy in C++ shares the parameters, as a second reference in Python
/// does. `copy(link)` makes an independent one. Names are joined with '/' to paths: `l1/W`.
///
///     struct MLP : Chain {
///       Linear l1 = link("l1", Linear(784, 256));
///       Linear l2 = link("l2", Linear(256, 10));
///       Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
///     };
///
/// What is registered stays registered: assigning another link to `model.l2` later changes `model.l2` alone.
class Link {
 public:
  /// `kind` is what printing calls it.
  explicit Link(std::string kind = "Link");
  Link(const Link& other) : registry_(detail::copied(other.registry_)) {}
  Link(Link&& other) noexcept = default;
  Link& operator=(const Link& other) { return *this = Link(other); }
  Link& operator=(Link&& other) noexcept = default;
  ~Link() = default;

  const std::string& kind() const;

  /// Registers a parameter and returns it. Without data it is uninitialised until `set_data`; one that does
  /// not require a gradient (a running mean, a count) is saved with the model but not trained.
  /// Errors: the name is taken, empty, or contains '/'.
  ///
  ///     Parameter gamma = param("gamma", Array::ones({64}));
  Parameter param(const std::string& name, Array data = {}, bool requires_grad = true);
  /// Registers a parameter that exists already, to share it.
  Parameter param(const std::string& name, const Parameter& parameter);

  /// Registers a link inside this one and returns it. Errors: as for `param`; it contains this link.
  template <class L>
  L link(const std::string& name, L value) {
    static_assert(std::is_base_of_v<Link, L>, "link(name, value): value must be a Link");
    add_child(name, value);
    return value;
  }

  /// The parameters that are trained, each once: this link's own, then those of the links inside, in the
  /// order of registration.
  std::vector<Parameter> params() const;
  /// The same with their paths; a shared parameter comes with each of its paths.
  NamedParameters namedparams() const;

  /// Forgets the gradients.
  void cleargrads() const;
  /// Moves the parameters and their gradients. Uninitialised ones have nothing to move.
  Link& to(Device device);
  /// The number of trained elements. An uninitialised parameter counts 0.
  std::size_t count_params() const;

  /// Overwrites the values, persistent ones too, with those of a link of the same structure. Dtype and device
  /// stay. Errors: names or shapes differ; nothing is changed then.
  void copyparams(const Link& other);

  /// What a file of this link holds: all parameters, persistent values too, by path. The arrays share memory
  /// with the parameters; that of an uninitialised parameter is none.
  NamedArrays state_arrays() const;

  /// Calls `visitor(path, parameter)` for everything registered, persistent values too. `path` starts with
  /// `prefix`.
  template <class F>
  void visit_named(F&& visitor, const std::string& prefix = "") const;
  /// The same without paths; allocates nothing.
  template <class F>
  void visit(F&& visitor) const;

  /// Prints one line a link: path, kind, parameters, how many elements they have; then the total.
  friend std::ostream& operator<<(std::ostream& out, const Link& link);

 private:
  void add_child(const std::string& name, const Link& child);
  void require_free(const std::string& name) const;
  bool contains(const Link& other) const;
  void print(std::ostream& out, const std::string& path) const;

  std::shared_ptr<detail::LinkRegistry> registry_;
};

namespace detail {

struct LinkRegistry {
  std::string kind;
  NamedParameters params;
  std::vector<std::pair<std::string, Link>> children;
};

}  // namespace detail

/// A link made of links: the base of models.
class Chain : public Link {
 public:
  explicit Chain(std::string kind = "Chain") : Link(std::move(kind)) {}
};

/// An independent copy of a link: parameters of its own with the same values and no gradients. Parameters
/// that are shared within the link are shared within the copy. (Python: `copy.deepcopy(link)`.)
///
///     MLP best = copy(model);
template <class L, class = std::enable_if_t<std::is_base_of_v<Link, L>>>
L copy(const L& link) {
  const detail::DeepCopyScope scope;
  return L(link);
}

// ----------------------------------------------------------------------------------------------------

template <class F>
void Link::visit_named(F&& visitor, const std::string& prefix) const {
  for (const auto& [name, parameter] : registry_->params) visitor(prefix + name, parameter);
  for (const auto& [name, child] : registry_->children) child.visit_named(visitor, prefix + name + '/');
}

template <class F>
void Link::visit(F&& visitor) const {
  for (const auto& [name, parameter] : registry_->params) visitor(parameter);
  for (const auto& [name, child] : registry_->children) child.visit(visitor);
}

}  // namespace tenbin
