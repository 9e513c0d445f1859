// Variable::backward and Variable::unchain_backward.
#include <algorithm>
#include <atomic>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/core/function.h"

namespace tenbin {

namespace {

// Adds gx to the gradient of a leaf. No other array may share the memory of a leaf's gradient.
void accumulate_leaf(detail::Node& leaf, Array gx) {
  if (leaf.grad) {
    // A leaf that was an intermediate variable before unchain_backward may share its gradient's memory.
    if (!leaf.grad_slot && !leaf.grad.owns_buffer()) leaf.grad = leaf.grad.copy();
    leaf.grad.add(gx);
    if (!leaf.grad.device().is_cpu()) accelerator::keep_for_replay(leaf.grad);
  } else if (!leaf.grad_slot) {
    leaf.grad = gx.owns_buffer() ? std::move(gx) : gx.copy();
  } else {
    if (gx.raw_data() != leaf.grad_slot->raw_data()) leaf.grad_slot->assign(gx);
    leaf.grad = *leaf.grad_slot;
  }
}

// Adds gx to the gradient of an intermediate variable. The first gx of a sweep is stored without a copy, so
// its memory may be shared; later ones are added in place only to memory that is not shared.
void accumulate_intermediate(detail::Node& node, Array gx, std::uint64_t sweep) {
  if (node.sweep != sweep) {
    node.sweep = sweep;
    node.grad = std::move(gx);
    return;
  }
  if (!node.grad.owns_buffer()) {
    if (gx.owns_buffer()) {
      std::swap<Array>(node.grad, gx);
    } else {
      node.grad = node.grad.copy();
    }
  }
  node.grad.add(gx);
}

struct Queued {
  std::uint32_t rank;
  std::uint32_t discovered;
  Function* function;
};

// Highest rank first; among equal ranks the first discovered, as in Chainer.
bool runs_later(const Queued& a, const Queued& b) {
  return a.rank != b.rank ? a.rank < b.rank : a.discovered > b.discovered;
}

}  // namespace

void Variable::backward(bool retain_grad) {
  detail::Node& root = gradient_node("backward");
  if (!root.requires_grad)
    throw Error("backward: ", *this,
                " depends on nothing that requires a gradient (constants, frozen parameters, or NoBackprop): "
                "`Variable w = "
                "array` makes a constant, `Variable w(array)` a leaf");
  if (!root.grad) {
    if (size() != 1)
      throw Error(
          "backward: ", *this,
          " has no gradient to start from; only a variable of one element starts from 1: call set_grad");
    set_grad(Array::full(shape(), 1, dtype(), device()));
  }
  if (!root.creator) return;

  static std::atomic<std::uint64_t> sweeps{0};
  const std::uint64_t sweep = ++sweeps;
  SmallVector<Queued, 16> queue;
  std::uint32_t discovered = 0;
  const auto enqueue = [&](Function* function) {
    if (function->sweep_ == sweep) return;
    function->sweep_ = sweep;
    queue.push_back({function->rank_, discovered++, function});
    std::push_heap(queue.begin(), queue.end(), runs_later);
  };

  root.sweep = sweep;
  enqueue(root.creator.get());
  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), runs_later);
    Function& function = *queue.back().function;
    queue.pop_back();

    function.require_unchanged();
    Arrays gys;
    for (detail::Node* y : function.outputs_) {
      gys.emplace_back();
      if (y == nullptr || y->sweep != sweep) continue;
      Array& gy = y->grad;
      gys.back() = retain_grad || y == &root ? gy : std::exchange(gy, Array());
    }
    Arrays xs;
    for (std::size_t i = 0; i < function.inputs_.size(); ++i)
      xs.push_back(function.retained_inputs_.empty() ? Array() : function.retained_inputs_[i].array);

    Arrays gxs = function.backward(xs, gys);
    gys.clear();  // so that gxs own their buffers where possible, which saves copies below
    for (std::size_t i = 0; i < gxs.size(); ++i) {
      detail::Node& x = *function.inputs_[i];
      if (!gxs[i] || !x.requires_grad) continue;
      if (x.creator) {
        accumulate_intermediate(x, std::move(gxs[i]), sweep);
        enqueue(x.creator.get());
      } else {
        accumulate_leaf(x, std::move(gxs[i]));
      }
    }
  }
}

void Variable::unchain_backward() {
  SmallVector<Reference<Function>, 4> pending;
  const auto cut = [&](detail::Node& node) {
    if (node.creator) pending.push_back(std::move(node.creator));
    node.creator = {};
  };
  cut(node("unchain_backward"));
  while (!pending.empty()) {
    const Reference<Function> function = std::move(pending.back());
    pending.pop_back();
    for (detail::Node*& y : function->outputs_) {
      if (y != nullptr) y->creator = {};
      y = nullptr;
    }
    for (const Reference<detail::Node>& x : function->inputs_)
      if (x->creator) pending.push_back(x->creator);
    function->unchain();
  }
}

}  // namespace tenbin
