// Variable, the user's handle to a node of the graph.
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

// A node's gradient. While it is empty, its errors name the variable.
class Gradient : public Array {
 public:
  explicit Gradient(const Node& owner) : owner_(owner) { is_gradient_.set(); }
  using Array::operator=;
  const Node& owner() const { return owner_; }

 private:
  const Node& owner_;
};

// The object that a Variable refers to. `references` counts all owners, Variables and graph; `handles` counts
// the Variables only. When the last Variable is destroyed, the array is released, although the graph may
// still need the node for its gradient; a function that reads the array in backward has retained it.
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

  Array data;  // empty, with the same shape and dtype, after the last handle is destroyed
  Gradient grad{*this};
  Reference<Function> creator;
  std::unique_ptr<Array> grad_slot;   // a parameter's gradient in the optimizer's flat buffer
  std::unique_ptr<std::string> name;  // null for most nodes
  std::uint64_t sweep = 0;            // the last backward() that added a gradient
  ReferenceCount references;
  ReferenceCount handles;
  std::uint32_t output_index = 0;  // among the creator's outputs
  bool requires_grad;
  bool is_converted = false;  // a constant, from an Array that was passed as a Variable
  bool slot_taken = false;    // new_gradient has returned grad_slot
  Device device;
};

// Prints `variable W float32(2, 2)`; also after the array was released.
std::ostream& operator<<(std::ostream& out, const Node& node);

}  // namespace detail

/// An array with its gradient and the Function that made it. A Variable is a handle: copies share the data,
/// the gradient and the node of the graph.
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
/// A default-constructed Variable is empty, and one that was moved from may be. Every use of it except
/// copying, assignment, `bool` and printing is an Error.
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
  /// Replaces the array. Functions that were applied before keep the old array. A gradient of another dtype,
  /// shape or device is cleared.
  void set_data(Array data);

  /// The gradient, or an empty Array. A leaf owns its gradient, which may be changed in place. Errors: a
  /// constant that was made by `Variable w = array`.
  const Array& grad() const { return gradient_node("grad").grad; }
  /// Errors: dtype, shape or device differ from the data's; a constant that was made by `Variable w = array`.
  void set_grad(Array grad);
  void cleargrad();

  /// For an uninitialised parameter: (), 0, and float32.
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

  /// Identifies the node of the graph: equal for handles of the same variable, and null for an empty one.
  const void* id() const { return node_.get(); }

  /// Backpropagation from this variable: adds d(this)/d(leaf) to the gradient of every leaf that it depends
  /// on.
  ///
  /// A variable of one element starts from gradient 1. Any other needs `set_grad` first. Each function runs
  /// once, highest rank first. Gradients of intermediate variables are released after use, unless
  /// `retain_grad` is set; this variable keeps its own.
  ///
  /// Errors: no gradient to start from; this variable depends on nothing that requires a gradient; a function
  /// that returns a gradient of the wrong count, dtype or shape; an array that a function has retained for
  /// backward, such as a parameter, was changed in place since forward by an update, load_npz or copyparams
  /// (run forward again; `set_data` does not change it in place). After an error, clear the gradients before
  /// the next call.
  void backward(bool retain_grad = false);

  /// Removes the graph of this variable: it, and all variables that it depends on, no longer have a creator.
  void unchain_backward();

 private:
  friend class Function;
  friend class Optimizer;
  friend class Parameter;
  friend std::ostream& operator<<(std::ostream& out, const Variable& variable);

  explicit Variable(Reference<detail::Node> node) : node_(std::move(node)) {
    if (node_) node_->add_handle();
  }
  static Variable converted(Array data);

  detail::Node& node(const char* call) const {
    if (!node_) empty_error(call);
    return *node_;
  }
  // For calls that are errors for a constant.
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

/// The graph objects of the calling thread that exist: both are 0 when its last graph is destroyed.
struct GraphStats {
  std::int64_t nodes;
  std::int64_t functions;
};
GraphStats graph_stats();

}  // namespace tenbin
