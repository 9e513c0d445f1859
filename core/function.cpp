// Function: applies it to arrays and variables, records the graph, and checks gradients.
#include "tenbin/core/function.h"

#include <algorithm>

#include "tenbin/core/config.h"
#include "tenbin/core/detail/accelerator.h"

namespace tenbin {

namespace {

thread_local std::int64_t live_nodes = 0;
thread_local std::int64_t live_functions = 0;

template <class T>
bool any_nan(const T* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (values[i] != values[i]) return true;
  return false;
}

bool has_nan(const Array& array) {
  if (!array || !is_floating(array.dtype())) return false;
  if (!array.device().is_cpu()) return accelerator::has_nan(array);
  return visit_floating(array.dtype(),
                        [&](auto zero) { return any_nan(array.data<decltype(zero)>(), array.size()); });
}

// The function that this thread runs on a GPU: errors of kernels and of captures name it.
struct Running {
  const Function* function = nullptr;
  const char* direction = "";
};
thread_local Running running;

template <class F>
Arrays run_on_gpu(const Function& function, const char* direction, F f) {
  struct Restore {
    Running previous = running;
    ~Restore() { running = previous; }
  } restore;
  running = {&function, direction};
  return f();
}

Device common_device(const Function& function, const Arrays& xs) {
  if (xs.empty()) throw Error(function.name(), ": needs at least one input");
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (!xs[i]) throw Error(function.name(), ": input ", i, " is an empty Array");
    if (xs[i].device() != xs[0].device())
      throw Error(function.name(), ": inputs on ", xs[0].device(), " and ", xs[i].device());
  }
  return xs[0].device();
}

std::uint64_t bits(const Function& function, std::initializer_list<std::size_t> indices) {
  std::uint64_t mask = 0;
  for (const std::size_t index : indices) {
    if (index >= 64) throw Error(function.name(), ": only the first 64 arrays can be retained one by one");
    mask |= std::uint64_t{1} << index;
  }
  return mask;
}

// Whether a mask contains `index`. A mask of all ones contains every index, also those from 64 on.
bool has_bit(std::uint64_t mask, std::size_t index) {
  return index < 64 ? (mask >> index & 1) != 0 : mask == ~std::uint64_t{0};
}

}  // namespace

namespace detail {

Node::Node(Array array, bool wants_grad)
    : data(std::move(array)), requires_grad(wants_grad), device(data.device()) {
  ++live_nodes;
}

Node::~Node() {
  --live_nodes;
  if (creator) creator->outputs_[output_index] = nullptr;
}

}  // namespace detail

std::string running_function() {
  if (running.function == nullptr) return "";
  return std::string(running.direction) + " of " + running.function->name();
}

GraphStats graph_stats() { return {live_nodes, live_functions}; }

Function::Function() { ++live_functions; }

Function::~Function() {
  --live_functions;
  unchain();
}

// A long graph is a long chain of owners, and its deletion must not be recursive. A function that loses its
// last reference while another one is deleted is put into a list.
void Function::destroy() {
  thread_local Function* pending_delete = nullptr;
  thread_local bool deleting = false;
  next_pending_delete_ = pending_delete;
  pending_delete = this;
  if (deleting) return;
  deleting = true;
  while (pending_delete != nullptr) {
    Function* const function = pending_delete;
    pending_delete = function->next_pending_delete_;
    delete function;
  }
  deleting = false;
}

void Function::unchain() {
  inputs_.clear();
  retained_inputs_.clear();
}

Variables Function::inputs() const {
  Variables inputs;
  for (const Reference<detail::Node>& node : inputs_) inputs.push_back(Variable(node));
  return inputs;
}

void Function::retain_inputs(std::initializer_list<std::size_t> indices) {
  inputs_to_retain_ = bits(*this, indices);
}

void Function::retain_outputs(std::initializer_list<std::size_t> indices) {
  outputs_to_retain_ = bits(*this, indices);
}

const Array& Function::retained_output(std::size_t index) const {
  if (index >= retained_outputs_.size() || !retained_outputs_[index].array)
    throw Error(name(), ": output ", index, " was not retained in forward");
  return retained_outputs_[index].array;
}

bool Function::may_run_backward() const { return may_run_backward_ && config().enable_backprop; }

bool Function::needs_grad(std::size_t index) const {
  return inputs_.empty() || inputs_[index]->requires_grad;
}

Array Function::new_gradient(std::size_t index, const Array& x) {
  Device device = x.device();
  if (!inputs_.empty()) {
    detail::Node& node = *inputs_[index];
    if (!x) device = node.device;
    // An input that is passed twice gets two gradients: in the slot, one would overwrite the other.
    const auto is_node = [&](const Reference<detail::Node>& input) { return input.get() == &node; };
    const bool once = std::count_if(inputs_.begin(), inputs_.end(), is_node) == 1;
    // The parameter may have been replaced by one of another shape since this function was applied.
    const bool fits =
        node.grad_slot && node.grad_slot->shape() == x.shape() && node.grad_slot->dtype() == x.dtype();
    if (once && fits && !node.grad && !node.slot_taken) {
      node.slot_taken = true;
      return *node.grad_slot;
    }
  }
  return Array::empty(x.shape(), x.dtype(), device);
}

Arrays Function::forward(const Arrays& xs) {
  const Device device = common_device(*this, xs);
  check(xs);
  Arrays ys =
      device.is_cpu() ? forward_cpu(xs) : run_on_gpu(*this, "forward", [&] { return forward_gpu(xs); });
  if (ys.empty()) throw Error(name(), ": forward returned no outputs");
  if (outputs_to_retain_ != 0) {
    retained_outputs_.resize(ys.size());
    for (std::size_t i = 0; i < ys.size(); ++i)
      if (has_bit(outputs_to_retain_, i)) retained_outputs_[i].take(ys[i]);
  }
  if (config().debug) require_no_nan(ys, "output");
  return ys;
}

Arrays Function::backward(const Arrays& xs, const Arrays& gys) {
  const auto gy = std::find_if(gys.begin(), gys.end(), [](const Array& a) { return static_cast<bool>(a); });
  if (gy == gys.end()) throw Error(name(), ": backward needs the gradient of an output");
  Arrays gxs = gy->device().is_cpu() ? backward_cpu(xs, gys)
                                     : run_on_gpu(*this, "backward", [&] { return backward_gpu(xs, gys); });
  if (gxs.size() != xs.size())
    throw Error(name(), ": backward returned ", gxs.size(), " gradients for ", xs.size(), " inputs");
  check_gradients(gxs);
  if (config().debug) require_no_nan(gxs, "gradient");
  return gxs;
}

void Function::check_gradients(const Arrays& gxs) const {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const detail::Node& x = *inputs_[i];
    const Array& gx = gxs[i];
    if (gx && !x.fits(gx))
      throw Error(name(), ": backward returned the gradient ", gx, " for input ", i, ", ", x.data.dtype(),
                  x.data.shape());
  }
}

void Function::require_unchanged() const {
  const char* const changed = ", was changed in place since forward";
  for (std::size_t i = 0; i < retained_inputs_.size(); ++i)
    if (retained_inputs_[i].is_changed())
      throw Error(name(), ": backward: input ", i, ", ", *inputs_[i], changed,
                  " (an update, load_npz or copyparams); run forward again");
  for (std::size_t i = 0; i < retained_outputs_.size(); ++i)
    if (retained_outputs_[i].is_changed())
      throw Error(name(), ": backward: output ", i, ", ", retained_outputs_[i].array, changed,
                  "; run forward again");
}

void Function::require_no_nan(const Arrays& arrays, const char* direction) const {
  for (std::size_t i = 0; i < arrays.size(); ++i)
    if (has_nan(arrays[i])) throw Error(name(), ": NaN in ", direction, ' ', i, ", ", arrays[i]);
}

Variables Function::apply(const Variable* begin, const Variable* end) {
  if (applied_) throw Error(name(), ": a Function object is applied once");
  applied_ = true;
  Arrays xs;
  bool record = false;
  for (const Variable* input = begin; input != end; ++input) {
    if (!*input) throw Error(name(), ": input ", xs.size(), " is an empty Variable");
    const detail::Node& x = *input->node_;
    if (!x.data)
      throw Error(name(), ": input ", xs.size(), x.name ? ", parameter " + *x.name + "," : "",
                  " is empty: an uninitialised parameter, or a Variable of an empty Array");
    xs.push_back(x.data);
    if (!x.creator && !x.device.is_cpu()) accelerator::keep_for_replay(x.data);
    record = record || x.requires_grad;
  }
  record = record && config().enable_backprop;
  may_run_backward_ = record;

  Arrays ys = forward(xs);

  Variables outputs;
  for (Array& y : ys) outputs.emplace_back(std::move(y), record);
  if (!record) return outputs;
  for (const Variable* input = begin; input != end; ++input) {
    const Reference<detail::Node>& x = input->node_;
    inputs_.push_back(x);
    if (x->creator) rank_ = std::max(rank_, x->creator->rank_ + 1);
  }
  if (inputs_to_retain_ != 0) {
    retained_inputs_.resize(xs.size());
    for (std::size_t i = 0; i < xs.size(); ++i) {
      if (!has_bit(inputs_to_retain_, i)) xs[i].drop_memory();
      retained_inputs_[i].take(std::move(xs[i]));
    }
  }
  // From here on nothing throws: every output with a creator is among the creator's outputs_.
  outputs_.reserve(outputs.size());
  for (Variable& y : outputs) {
    y.node_->creator = Reference<Function>(this);
    y.node_->output_index = static_cast<std::uint32_t>(outputs_.size());
    outputs_.push_back(y.node_.get());
  }
  return outputs;
}

}  // namespace tenbin
