// Function, the base class of differentiable functions: subclasses compute arrays, this class the graph.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "tenbin/core/variable.h"
#include "tenbin/core/without_cuda.h"

namespace tenbin {

/// One application of a differentiable function: a node of the graph.
///
/// A subclass computes arrays, on the CPU and on the GPU. An object is applied once.
///
///     class Cube : public Function {
///      public:
///       std::string name() const override { return "cube"; }
///       Arrays forward_cpu(const Arrays& xs) override { ... }
///       Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override { ... }
///       ...
///     };
///     Variable cube(const Variable& x) { return apply<Cube>({x}); }
///
/// Threads: one thread at a time uses an object and its graph. Several threads may record graphs at once that
/// share only inputs, and run backward at once if these share no leaf that collects a gradient.
class Function : public memory::Pooled {
 public:
  Function();
  Function(const Function&) = delete;
  Function& operator=(const Function&) = delete;
  virtual ~Function();

  /// The name that users call; errors start with it.
  virtual std::string name() const = 0;

  /// Throws if the inputs are invalid. Called before forward, on either device; takes O(inputs).
  virtual void check(const Arrays& /*xs*/) const {}

  /// The outputs for the inputs `xs`, at least one, all on one device. Must not change the inputs.
  virtual Arrays forward_cpu(const Arrays& xs) = 0;
  virtual Arrays forward_gpu(const Arrays& xs) = 0;

  /// The gradients with respect to the inputs, one per input; an empty Array where there is no gradient. An
  /// entry of `xs` is empty if it was not retained (but keeps its shape and dtype, if another one was), an
  /// entry of `gys` if that output got no gradient.
  virtual Arrays backward_cpu(const Arrays& xs, const Arrays& gys) = 0;
  virtual Arrays backward_gpu(const Arrays& xs, const Arrays& gys) = 0;

  /// check, then forward on the inputs' device. Errors: inputs on different devices, no outputs.
  Arrays forward(const Arrays& xs);
  /// backward on the device of the gradients, checked for count, dtype and shape.
  Arrays backward(const Arrays& xs, const Arrays& gys);

  /// Runs forward and, if an input requires a gradient and no NoBackprop exists, records this node. Errors:
  /// those of check and forward, a second application.
  Variables apply(const Variables& inputs) { return apply(inputs.begin(), inputs.end()); }
  /// The same for `{x, W}`, whose handles are not copied again: each copy changes counts of references.
  Variables apply(std::initializer_list<Variable> inputs) { return apply(inputs.begin(), inputs.end()); }

  /// The inputs, by which a graph can be walked from an output: `y.creator()->inputs()[0].creator()`. Those
  /// that have no other handle have a shape and a dtype, but no longer an array. Empty before `apply`, and
  /// after `unchain_backward`.
  Variables inputs() const;

  /// The highest rank of the inputs' creators plus one: the order of backpropagation.
  std::uint32_t rank() const { return rank_; }

  void retain() { references_.increment(); }
  void release() {
    if (references_.decrement()) destroy();
  }

 protected:
  /// Called in forward: the inputs that backward reads; only they are retained. The default is all inputs.
  void retain_inputs(std::initializer_list<std::size_t> indices);
  /// Called in forward: outputs that backward reads, through `retained_output`.
  void retain_outputs(std::initializer_list<std::size_t> indices);
  const Array& retained_output(std::size_t index) const;

  /// Called in forward: false if backward will not be called, since no input requires a gradient, or since a
  /// NoBackprop exists. A function that computes gradients in forward asks before.
  bool may_run_backward() const;

  /// Called in backward: false if the gradient of input `index` is not needed.
  bool needs_grad(std::size_t index) const;

  /// Called in backward: an uninitialised array for the gradient of input `index`, like `x`, which is that
  /// entry of `xs`, retained or not. For a parameter without a gradient it is the parameter's part of the
  /// optimizer's flat buffer, which saves a copy.
  Array new_gradient(std::size_t index, const Array& x);

 private:
  friend class Variable;
  friend struct detail::Node;

  // An array that backward reads, and its version after forward.
  struct Retained {
    Array array;
    std::uint32_t version = 0;

    template <class A>
    void take(A&& read) {
      version = read.version();
      array = std::forward<A>(read);
    }
    bool is_changed() const { return array && array.version() != version; }
  };

  Variables apply(const Variable* begin, const Variable* end);
  void destroy();
  void unchain();
  void check_gradients(const Arrays& gxs) const;
  void require_unchanged() const;
  void require_no_nan(const Arrays& arrays, const char* direction) const;

  SmallVector<Reference<detail::Node>, 2> inputs_;  // strong: outputs keep their graph
  SmallVector<detail::Node*, 1> outputs_;           // weak, to avoid a cycle; null after a node is deleted
  SmallVector<Retained, 0> retained_inputs_;  // empty Arrays where not retained; no entries if nothing is
  SmallVector<Retained, 0> retained_outputs_;
  std::uint64_t inputs_to_retain_ = ~std::uint64_t{0};  // a bit per input
  std::uint64_t outputs_to_retain_ = 0;
  std::uint64_t sweep_ = 0;                  // the last backward() that queued this function
  Function* next_pending_delete_ = nullptr;  // see destroy()
  ReferenceCount references_;
  std::uint32_t rank_ = 0;
  bool applied_ = false;
  bool may_run_backward_ = true;
};

/// Applies a Function of one output: `apply<ReLU>({x})`.
template <class F, class... Args>
Variable apply(std::initializer_list<Variable> inputs, Args&&... args) {
  const Reference<Function> function(new F(std::forward<Args>(args)...));
  return std::move(function->apply(inputs)[0]);
}
template <class F, class... Args>
Variable apply(const Variables& inputs, Args&&... args) {
  const Reference<Function> function(new F(std::forward<Args>(args)...));
  return std::move(function->apply(inputs)[0]);
}

/// The function that the calling thread runs on a GPU, such as `forward of relu`, for errors of kernels;
/// empty if it runs no function there.
std::string running_function();

}  // namespace tenbin

/// Replaces a function's .cu file in a build without CUDA. The last line of its .cpp.
#define TENBIN_NO_GPU(Class)                                                                            \
  TENBIN_WITHOUT_CUDA(                                                                                  \
      Arrays Class::forward_gpu(const Arrays&) { detail::no_cuda(name()); } Arrays Class::backward_gpu( \
          const Arrays&, const Arrays&) { detail::no_cuda(name()); })                                   \
  static_assert(true, "")
