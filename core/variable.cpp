#include "tenbin/core/variable.h"

namespace tenbin {

namespace {

void require_fits(const char* what, const Array& grad, const detail::Node& node) {
  if (node.fits(grad)) return;
  throw Error(what, ": the gradient is ", grad, " for a variable ", node.data.dtype(), node.data.shape());
}

}  // namespace

namespace detail {

std::ostream& operator<<(std::ostream& out, const Node& node) {
  out << "variable ";
  if (node.name) out << *node.name << ' ';
  return node.data ? out << node.data : out << node.data.dtype() << node.data.shape();
}

}  // namespace detail

// Here rather than in array.cpp, since it reads the gradient's node.
void Array::empty_error(const char* call) const {
  if (is_gradient_) {
    const detail::Node& owner = static_cast<const detail::Gradient*>(this)->owner();
    throw Error("Array::", call, ": the gradient of ", owner, " is empty: ",
                owner.requires_grad ? "no backward has reached it" : "it does not require one");
  }
  throw Error("Array::", call,
              ": the array is empty (default-constructed, an uninitialised parameter, or a gradient before "
              "backward)");
}

Variable::Variable(Array data, bool requires_grad) {
  const bool wants_grad = requires_grad && (!data || is_floating(data.dtype()));
  node_ = Reference<detail::Node>(new detail::Node(std::move(data), wants_grad));
  node_->add_handle();
}

Variable Variable::converted(Array data) {
  const bool might_be_meant_as_leaf = !data || is_floating(data.dtype());
  Variable constant(std::move(data), false);
  constant.node_->is_converted = might_be_meant_as_leaf;
  return constant;
}

void Variable::empty_error(const char* call) {
  throw Error("Variable::", call, ": the Variable is empty (default-constructed or moved from)");
}

void Variable::constant_error(const char* call) const {
  throw Error(
      "Variable::", call, ": ", *this,
      " is a constant, because `Variable w = array` makes one; write `Variable w(array)` for a leaf that "
      "collects a gradient");
}

void Variable::set_data(Array data) {
  detail::Node& node = this->node("set_data");
  node.device = data.device();
  node.data = std::move(data);
  node.requires_grad = node.requires_grad && is_floating(node.data.dtype());
  if (node.grad && !node.fits(node.grad)) cleargrad();
  if (node.grad_slot && !node.fits(*node.grad_slot)) node.grad_slot.reset();
}

void Variable::set_grad(Array grad) {
  detail::Node& node = gradient_node("set_grad");
  if (!grad) {
    cleargrad();
    return;
  }
  require_fits("Variable::set_grad", grad, node);
  if (node.grad_slot) {
    node.grad_slot->assign(grad);
    node.grad = *node.grad_slot;
  } else {
    node.grad = node.creator || grad.owns_buffer() ? std::move(grad) : grad.copy();
  }
}

void Variable::cleargrad() {
  detail::Node& node = this->node("cleargrad");
  node.grad = Array();
  node.slot_taken = false;
}

const std::string& Variable::name() const {
  static const std::string unnamed;
  const detail::Node& node = this->node("name");
  return node.name ? *node.name : unnamed;
}

Variable& Variable::set_name(std::string name) {
  node("set_name").name = std::make_unique<std::string>(std::move(name));
  return *this;
}

std::ostream& operator<<(std::ostream& out, const Variable& variable) {
  if (!variable) return out << "variable none";
  return out << *variable.node_;
}

}  // namespace tenbin
