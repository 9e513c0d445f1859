// CapturedStep, a training step that is recorded as a CUDA graph.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "tenbin/core/variable.h"
#include "tenbin/cuda/capture.h"

namespace tenbin {

struct CapturedStepOptions {
  /// The number of uncaptured steps of a shape before one is captured: they allocate memory and load
  /// libraries.
  std::size_t warmup = 3;
};

/// A training step as a CUDA graph. Small models spend their time launching kernels; a captured step is one
/// launch, with bit-equal results.
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
/// The first calls with inputs of the same shapes run the step uncaptured; the next call captures it. From
/// then on, a call copies the inputs to the arrays that the captured step reads, and replays it. Inputs of
/// other shapes, such as a short last batch, and inputs on the CPU run uncaptured, with the same results.
///
/// The result is in the graph's memory, which the next call overwrites: read it before, or `copy()` it.
///
/// A replay runs the kernels of the step, not its C++ code. Values that change from step to step must be
/// inputs, hyperparameters of an optimizer, dropout masks or `gpu::step_value`s. Objects that the step uses
/// (model, optimizer, weights) must live as long as the CapturedStep. If parameters are replaced or moved
/// after the capture, a step with an optimizer is an error; without an optimizer, replays use the old
/// parameters.
///
/// Errors: those of the step; in the call that captures, an operation that cannot be captured, with its
/// function: reading a number, a copy from or to the CPU. No kernel has run then, but earlier effects of the
/// step on the CPU, such as counting an update, remain.
template <class Step>
class CapturedStep {
 public:
  explicit CapturedStep(Step step, const CapturedStepOptions& options = {})
      : step_(std::move(step)), warmup_(options.warmup) {}

  /// Runs the step and returns its result as an Array; for a Variable, its data.
  template <class... Inputs>
  Array operator()(const Inputs&... inputs) {
    return run({inputs...},
               [this](const Arrays& given) { return call(given, std::index_sequence_for<Inputs...>()); });
  }
  /// The same for a step that takes its inputs as Arrays.
  Array operator()(const Arrays& inputs) {
    return run(inputs, [this](const Arrays& given) { return as_array(step_(given)); });
  }

  bool is_captured() const { return graph_ != nullptr; }
  /// Kernels, copies and other nodes of the captured step; 0 before it is captured.
  std::size_t node_count() const { return is_captured() ? graph_->node_count() : 0; }

 private:
  static Array as_array(const Array& result) { return result; }
  static Array as_array(const Variable& result) { return result.data(); }

  template <std::size_t... I>
  Array call(const Arrays& given, std::index_sequence<I...>) {
    return as_array(step_(given[I]...));
  }

  template <class Call>
  Array run(const Arrays& given, const Call& call) {
    if (graph_ != nullptr && fits(given)) return replay(given);
    if (graph_ != nullptr || !is_on_gpu(given) || calls_with_shapes_of(given)++ < warmup_) return call(given);
    capture(given, call);
    return replay(given);
  }

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

  template <class Call>
  void capture(const Arrays& given, const Call& call) {
    Arrays inputs;
    for (const Array& array : given) inputs.push_back(Array::empty_like(array));
    auto graph = std::make_unique<gpu::Graph>(given[0].device().index, [&] { result_ = call(inputs); });
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
