// Tenbin's side of the training step, written as a user writes it.
#pragma once

#include <tenbin/tenbin.h>

#include <vector>

#include "workloads.h"

namespace tenbin::benchmarks {

struct MLP : Chain {
  explicit MLP(const std::vector<std::size_t>& widths, Dtype dtype = Dtype::float32) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i)
      layers.push_back(link("l" + std::to_string(i),
                            Linear(widths[i], widths[i + 1], {.initialW = Zero(), .dtype = dtype})));
  }
  Variable operator()(const Variable& x) const {
    Variable h = layers[0](x);
    for (std::size_t i = 1; i < layers.size(); ++i) h = layers[i](relu(h));
    return h;
  }
  std::vector<Linear> layers;
};

/// A model and its optimizer, which can be sent back to where they started.
class TenbinStep {
 public:
  TenbinStep(const StepWorkload& workload, const Problem& problem, Dtype dtype = Dtype::float32)
      : model_(workload.widths, dtype),
        x_(problem.x.astype(dtype)),
        t_(problem.t),
        class_weight_(problem.class_weight.astype(dtype)),
        initial_(problem.parameters) {
    optimizer_.setup(model_);
    reset();
  }

  void reset() {
    std::size_t i = 0;
    for (const auto& [path, array] : model_.state_arrays())
      Array(array).assign(initial_[i++].astype(array.dtype()));
    for (const auto& [path, array] : optimizer_.state_arrays()) Array(array).fill(0);
  }

  void run(std::size_t steps) {
    for (std::size_t i = 0; i < steps; ++i) {
      loss_ = softmax_cross_entropy(model_(x_), t_, {.class_weight = class_weight_});
      model_.cleargrads();
      loss_.backward();
      optimizer_.update();
    }
  }

  double loss() const { return loss_.item(); }

 private:
  MLP model_;
  Adam optimizer_{{.alpha = adam_alpha}};
  Array x_, t_, class_weight_;
  std::vector<Array> initial_;
  Variable loss_;
};

}  // namespace tenbin::benchmarks
