// The user's handle to a node of the graph.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "tenbin/core/array.h"

namespace tenbin {

class Function;
class Variable;

using Variables = SmallVector<Variable, 3>;

namespace detail {

// What a Variable is a handle to. Two counts keep it: `references` are all owners, handles and graph alike,
// `handles` the Variables among them. When the last handle has gone the array is let go, although the graph
// may still need the node for its gradient; a function that needs the array for backward has kept it.
struct Node : memory::Pooled {
  explicit Node(Array array, bool wants_grad);
  ~Node();

  void retain() { references.increment(); }
  void release() {
    if (references.decrement()) delete this;
  }
  /// Whether an array can be this node's gradient: of its dtype and shape, on its device.
  bool fits(const Array& gradient) const {
    return gradient.dtype() == data.dtype() && gradient.shape() == data.shape() &&
           gradient.device() == device;
  }
  void add_handle() { handles.increment(); }
  void drop_handle() {
    if (handles.decrement()) data.drop_memory();
  }

  Array data;  // after the last handle has gone: none, but of the same shape and dtype
  Array grad;
  Reference<Function> creator;
  std::unique_ptr<Array> grad_slot;   // where a parameter's gradient lives once an optimizer has laid it out
  std::unique_ptr<std::string> name;  // most nodes have none
  std::uint64_t sweep = 0;            // the last backward() that brought a gradient here
  ReferenceCount references;
  ReferenceCount handles;
  std::uint32_t output_index = 0;  // of the creator
  bool requires_grad;
  bool slot_taken = false;  // a function was handed grad_slot to write to
  Device device;
};

}  // namespace detail

/// An array that remembers the Function that made it. A Variable is a handle: copies share the data, the
/// gradient and the place in the graph.
///
/// `Variable x(array)` is a leaf that collects a gradient; an Array passed where a Variable is expected is a
/// constant, as in Chainer. Integer arrays never collect one.
///
///     Variable x(Array{{1.f, 2.f}});
///     Variable y = sum(x * x);
///     y.backward();
///     x.grad();                      // float32(1, 2): [[2, 4]]
class Variable {
 public:
  Variable() = default;
  explicit Variable(Array data, bool requires_grad = true);
  template <class A, class = std::enable_if_t<std::is_same_v<A, Array>>>
  Variable(A data) : Variable(std::move(data), false) {}  // NOLINT(google-explicit-constructor)

  Variable(const Variable& other) : Variable(other.node_) {}
  Variable(Variable&& other) noexcept = default;
  Variable& operator=(const Variable& other) { return *this = Variable(other); }
  Variable& operator=(Variable&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Variable() {
    if (node_) node_->drop_handle();
  }

  /// False for a default constructed Variable; everything else but assignment needs true.
  explicit operator bool() const { return static_cast<bool>(node_); }

  const Array& data() const { return node_->data; }
  /// Replaces the array. Functions that were applied before keep the one that they saw. A gradient
  /// that no longer fits, by dtype, shape or device, is dropped.
  void set_data(Array data);

  /// The gradient, or none. A leaf owns it: it is writable and nothing else shares it.
  const Array& grad() const { return node_->grad; }
  /// Errors: dtype, shape or device differ from the data's.
  void set_grad(Array grad);
  void cleargrad();

  const Shape& shape() const { return node_->data.shape(); }
  std::size_t ndim() const { return shape().size(); }
  std::size_t size() const { return node_->data.size(); }
  Dtype dtype() const { return node_->data.dtype(); }
  Device device() const { return node_->device; }
  template <class T = double>
  T item() const {
    return data().item<T>();
  }

  bool requires_grad() const { return node_->requires_grad; }
  const std::string& name() const;
  Variable& set_name(std::string name);

  /// The function whose output this is, or null for a leaf.
  Function* creator() const { return node_->creator.get(); }

  /// Backpropagates from here: every leaf that the value depends on accumulates d(this)/d(leaf) on top of the
  /// gradient that it has.
  ///
  /// A variable of one element starts from gradient 1. Any other needs `set_grad` first. Functions run once
  /// each, highest rank first. Gradients of intermediate variables are dropped as soon as they are used,
  /// unless `retain_grad`; this variable keeps its own.
  ///
  /// Errors: no gradient to start from; nothing here requires a gradient; a function that returns a gradient
  /// of the wrong count, dtype or shape. After an error, clear the gradients before the next call.
  void backward(bool retain_grad = false);

  /// Forgets how this variable, and everything before it, was made.
  void unchain_backward();

 private:
  friend class Function;
  friend class Optimizer;

  explicit Variable(Reference<detail::Node> node) : node_(std::move(node)) {
    if (node_) node_->add_handle();
  }

  Reference<detail::Node> node_;
};

/// Prints dtype and shape, `variable w float32(8, 10)`.
std::ostream& operator<<(std::ostream& out, const Variable& variable);

/// Graph objects of the calling thread that are alive: both are zero again when its last graph has gone.
struct GraphStats {
  std::int64_t nodes;
  std::int64_t functions;
};
GraphStats graph_stats();

}  // namespace tenbin
