// A training step that is launched as one.
#pragma once

#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "tenbin/core/variable.h"
#include "tenbin/cuda/capture.h"

namespace tenbin {

struct CapturedStepOptions {
  /// Steps of one shape that run as they are before one is captured: memory is found, libraries are loaded.
  std::size_t warmup = 3;
};

/// A training step as a CUDA graph. Small models spend their time launching kernels; captured, a step is one
/// launch, with the same results to the bit.
///
///     CapturedStep step([&](const Array& x, const Array& t) {
///       Variable loss = softmax_cross_entropy(model(x), t, {.class_weight = weights});
///       model.cleargrads();
///       loss.backward();
///       optimizer.update();
///       return loss;
///     });
///     for (auto [x, t] : Minibatches(train, {.batch_size = 256}))
///       Array loss = step(x.to(device), t.to(device));
///
/// The first calls with inputs of some shapes run the step as it is; one more captures it, and from there on
/// a call copies the inputs to where the captured step reads them, and replays it. Inputs of other shapes,
/// such as a short last batch, and inputs on the CPU, run uncaptured: the results are the same.
///
/// The result lies in the graph's memory: the next call overwrites it. Read it before, or `copy()` it.
///
/// A replay runs the kernels of the step, and none of its C++: what must be another value every time comes in
/// as an input, or is a hyperparameter of an optimizer, a dropout mask, or a `gpu::step_value`. What the step
/// refers to - model, optimizer, weights - must live as long as the CapturedStep. Parameters that are
/// replaced or moved afterwards are an error of an optimizer's step; without an optimizer the replay goes on
/// with the old ones.
///
/// Errors: those of the step; in the capturing call, what cannot be captured, with the function that does it:
/// reading a number, a copy from or to the CPU. No kernel has run then; what the step has done on the CPU
/// before it came to that, such as counting an update, it has done.
template <class Step>
class CapturedStep {
 public:
  explicit CapturedStep(Step step, const CapturedStepOptions& options = {})
      : step_(std::move(step)), warmup_(options.warmup) {}

  /// What the step returns, as an Array: of a Variable, its data.
  template <class... Inputs>
  Array operator()(const Inputs&... inputs) {
    const Arrays given{inputs...};
    if (graph_ != nullptr && fits(given)) return replay(given);
    if (graph_ != nullptr || !is_on_gpu(given) || calls_with_shapes_of(given)++ < warmup_)
      return as_array(step_(inputs...));
    capture(given, std::index_sequence_for<Inputs...>());
    return replay(given);
  }

  bool is_captured() const { return graph_ != nullptr; }
  /// Kernels, copies and other nodes of the captured step; 0 before it is captured.
  std::size_t node_count() const { return is_captured() ? graph_->node_count() : 0; }

 private:
  static Array as_array(const Array& result) { return result; }
  static Array as_array(const Variable& result) { return result.data(); }

  static bool is_on_gpu(const Arrays& given) {
    for (const Array& array : given)
      if (array.device().is_cpu()) return false;
    return !given.empty();
  }

  std::size_t& calls_with_shapes_of(const Arrays& given) {
    std::vector<Shape> shapes;
    for (const Array& array : given) shapes.push_back(array.shape());
    for (auto& [seen, calls] : calls_)
      if (seen == shapes) return calls;
    return calls_.emplace_back(std::move(shapes), 0).second;
  }

  bool fits(const Arrays& given) const {
    bool same = given.size() == inputs_.size();
    for (std::size_t i = 0; same && i < given.size(); ++i)
      same = given[i].shape() == inputs_[i].shape() && given[i].dtype() == inputs_[i].dtype() &&
             given[i].device() == inputs_[i].device();
    return same;
  }

  template <std::size_t... I>
  void capture(const Arrays& given, std::index_sequence<I...>) {
    Arrays inputs;
    for (const Array& array : given) inputs.push_back(Array::empty_like(array));
    auto graph = std::make_unique<gpu::Graph>(
        given[0].device().index, [&] { result_ = as_array(step_(std::as_const(inputs)[I]...)); });
    inputs_ = std::move(inputs);
    graph_ = std::move(graph);
  }

  Array replay(const Arrays& given) {
    for (std::size_t i = 0; i < given.size(); ++i) inputs_[i].assign(given[i]);
    graph_->replay();
    return result_;
  }

  Step step_;
  std::size_t warmup_;
  std::vector<std::pair<std::vector<Shape>, std::size_t>> calls_;  // by the shapes of the inputs
  Arrays inputs_;
  Array result_;
  std::unique_ptr<gpu::Graph> graph_;
};

}  // namespace tenbin
