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

// A node's gradient. While it is empty, errors say whose it is.
class Gradient : public Array {
 public:
  explicit Gradient(const Node& owner) : owner_(owner) { is_gradient_.set(); }
  using Array::operator=;
  const Node& owner() const { return owner_; }

 private:
  const Node& owner_;
};

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

  Array data;  // after the last handle has gone: empty, but of the same shape and dtype
  Gradient grad{*this};
  Reference<Function> creator;
  std::unique_ptr<Array> grad_slot;   // a parameter's gradient in the optimizer's flat buffer
  std::unique_ptr<std::string> name;  // most nodes have none
  std::uint64_t sweep = 0;            // the last backward() that brought a gradient here
  ReferenceCount references;
  ReferenceCount handles;
  std::uint32_t output_index = 0;  // of the creator
  bool requires_grad;
  bool is_converted = false;  // of an Array that was passed where a Variable was expected: a constant
  bool slot_taken = false;    // a function was handed grad_slot to write to
  Device device;
};

// Prints `variable W float32(2, 2)`; dtype and shape also after the array was let go.
std::ostream& operator<<(std::ostream& out, const Node& node);

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
///
/// `Variable w = array` makes a constant, too: C++ cannot tell it from passing an array to a function. Asking
/// such a constant for a gradient is an Error, which says to write `Variable w(array)`.
///
/// A default-constructed Variable is empty, and so may be one that was moved from: every use but copying,
/// assignment, `bool` and printing is an Error.
///
/// Threads: several may read one variable and apply functions to it at the same time, as in predictions by
/// one model. While one of them changes it (backward into it, gradient, data, name), no other may use it.
class Variable {
 public:
  Variable() = default;
  explicit Variable(Array data, bool requires_grad = true);
  template <class A, class = std::enable_if_t<std::is_same_v<A, Array>>>
  Variable(A data) : Variable(converted(std::move(data))) {}  // NOLINT(google-explicit-constructor)

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

  /// False for an empty Variable.
  explicit operator bool() const { return static_cast<bool>(node_); }

  const Array& data() const { return node("data").data; }
  /// Replaces the array. Functions that were applied before keep the one that they saw. A gradient
  /// that no longer fits, by dtype, shape or device, is dropped.
  void set_data(Array data);

  /// The gradient, or an empty Array. A leaf owns it: it is writable and nothing else shares it. Errors: a constant
  /// that was made by `Variable w = array`.
  const Array& grad() const { return gradient_node("grad").grad; }
  /// Errors: dtype, shape or device differ from the data's; a constant that was made by `Variable w = array`.
  void set_grad(Array grad);
  void cleargrad();

  /// Of an uninitialised parameter: (), 0, and float32.
  const Shape& shape() const { return node("shape").data.shape(); }
  std::size_t ndim() const { return node("ndim").data.ndim(); }
  std::size_t size() const { return node("size").data.size(); }
  Dtype dtype() const { return node("dtype").data.dtype(); }
  Device device() const { return node("device").device; }
  template <class T = double>
  T item() const {
    return node("item").data.item<T>();
  }

  bool requires_grad() const { return node("requires_grad").requires_grad; }
  const std::string& name() const;
  Variable& set_name(std::string name);

  /// The function whose output this is, or null for a leaf.
  Function* creator() const { return node("creator").creator.get(); }

  /// Backpropagates from here: every leaf that the value depends on accumulates d(this)/d(leaf) on top of the
  /// gradient that it has.
  ///
  /// A variable of one element starts from gradient 1. Any other needs `set_grad` first. Functions run once
  /// each, highest rank first. Gradients of intermediate variables are dropped as soon as they are used,
  /// unless `retain_grad`; this variable keeps its own.
  ///
  /// Errors: no gradient to start from; nothing here requires a gradient; a function that returns a gradient
  /// of the wrong count, dtype or shape; an array that a function has retained for backward, such as a
  /// parameter, and that was changed in place since forward (by an update, load_npz or copyparams: run
  /// forward again; `set_data` is no such change). After an error, clear the gradients before the next call.
  void backward(bool retain_grad = false);

  /// Forgets how this variable, and everything before it, was made.
  void unchain_backward();

 private:
  friend class Function;
  friend class Optimizer;
  friend std::ostream& operator<<(std::ostream& out, const Variable& variable);

  explicit Variable(Reference<detail::Node> node) : node_(std::move(node)) {
    if (node_) node_->add_handle();
  }
  static Variable converted(Array data);

  detail::Node& node(const char* call) const {
    if (!node_) empty_error(call);
    return *node_;
  }
  // For calls that make no sense for a constant.
  detail::Node& gradient_node(const char* call) const {
    detail::Node& own = node(call);
    if (own.is_converted) constant_error(call);
    return own;
  }
  [[noreturn]] static void empty_error(const char* call);
  [[noreturn]] void constant_error(const char* call) const;

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
