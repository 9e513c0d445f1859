// Parameters: variables that belong to links.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/core/variable.h"

namespace tenbin {

namespace detail {

class DeepCopyScope;
struct LinkRegistry;

// The links that a link or a parameter is registered in.
using Owners = std::vector<std::weak_ptr<LinkRegistry>>;

// Shared by all handles of a registered parameter. Its use count tells whether a handle is the last one
// outside the owners.
struct Registration {
  Owners owners;
  // The arrays that held the values before an optimizer moved them into one buffer: older graphs still read
  // them.
  std::vector<Array> replaced;
  bool is_frozen = false;  // then the node does not require a gradient

  // Must be called after changing the values: those graphs are then out of date.
  void mark_replaced() {
    for (Array& array : replaced) array.mark_changed();
    replaced.clear();
  }
};

// The object, or inside a DeepCopyScope (deep_copy.h) its copy.
Variable copied(const Variable& variable);
std::shared_ptr<Registration> copied(const std::shared_ptr<Registration>& registration);
std::shared_ptr<LinkRegistry> copied(const std::shared_ptr<LinkRegistry>& registry);

}  // namespace detail

/// A Variable that belongs to a Link. Without data it is uninitialised: its shape is not known yet.
///
/// In hot code pass it as `const Variable&`.
class Parameter : public Variable {
 public:
  Parameter() = default;
  explicit Parameter(Array data, bool requires_grad = true) : Variable(std::move(data), requires_grad) {}

  Parameter(const Parameter& other)
      : Variable(detail::copied(other)), registration_(detail::copied(other.registration_)) {}
  Parameter(Parameter&& other) noexcept = default;
  /// Assigning a new Parameter to a registered member registers the new one in its place, as for
  /// `Link::operator=`.
  Parameter& operator=(const Parameter& other) { return assign(Parameter(other), true); }
  // NOLINTNEXTLINE(performance-noexcept-move-constructor): it allocates in registries
  Parameter& operator=(Parameter&& other) { return assign(std::move(other), false); }
  ~Parameter() = default;

  bool is_initialized() const { return *this && data(); }

  /// Freezes the parameter: optimizers leave it as it is, with its state (see Optimizer), and backward does
  /// not compute its gradient; one that it has already is not used. All handles are frozen. No effect on a
  /// value that is not trained. (Chainer: `parameter.update_rule.enabled = False`, which still computes
  /// gradients.) Errors: the parameter is not registered in a link.
  void disable_update() const;
  /// Ends `disable_update`. Errors: the same.
  void enable_update() const;
  /// False for a frozen parameter, and for a value that is not trained, such as a running mean.
  bool update_enabled() const { return requires_grad(); }
  /// Whether it is trained; also while it is frozen.
  bool is_trainable() const { return requires_grad() || (registration_ && registration_->is_frozen); }

 private:
  friend class Link;
  friend class Optimizer;
  friend class detail::DeepCopyScope;
  friend std::shared_ptr<detail::LinkRegistry> detail::copied(const std::shared_ptr<detail::LinkRegistry>&);

  Parameter& assign(Parameter&& other, bool is_copy);
  void replace_in_owners(Parameter& other, bool is_copy);
  detail::Registration& registration(const char* call) const;

  mutable std::shared_ptr<detail::Registration> registration_;  // null until it is registered in a link
};

using NamedParameters = std::vector<std::pair<std::string, Parameter>>;

/// The known properties of an uninitialised parameter: its dtype, and its shape with `unknown` for axes whose
/// length is not known yet.
///
///     W = param("W", LazyShape{Dtype::float32, {out_size, LazyShape::unknown}});
struct LazyShape {
  static constexpr std::size_t unknown = ~std::size_t{0};

  Dtype dtype = Dtype::float32;
  Shape shape;
};

/// Prints `float32(8, ?)`.
std::ostream& operator<<(std::ostream& out, const LazyShape& lazy);

}  // namespace tenbin
