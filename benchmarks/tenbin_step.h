// Tenbin's training step and epoch, as a user would write them.
#pragma once

#include <tenbin/tenbin.h>

#include <vector>

#include "workloads.h"

namespace tenbin::benchmarks {

struct Net : Chain {
  explicit Net(const std::vector<std::size_t>& widths, Dtype dtype = Dtype::float32) {
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

// Restores the initial state: the initial weights, no momentum.
inline void restore(const Net& model, Optimizer& optimizer, const std::vector<Array>& initial) {
  std::size_t i = 0;
  for (auto [path, array] : model.state_arrays()) array.assign(initial[i++].astype(array.dtype()));
  for (auto [path, array] : optimizer.state_arrays()) array.fill(0);
}

class TenbinStep {
 public:
  TenbinStep(const StepWorkload& workload, const Problem& problem, Dtype dtype = Dtype::float32,
             Device device = Device::cpu())
      : model_(workload.widths, dtype),
        x_(problem.x.astype(dtype).to(device)),
        t_(problem.t.to(device)),
        class_weight_(problem.class_weight.astype(dtype).to(device)) {
    for (const Array& parameter : problem.parameters) initial_.push_back(parameter.to(device));
    model_.to(device);
    optimizer_.setup(model_);
    reset();
  }

  void reset() { restore(model_, optimizer_, initial_); }

  Variable step(const Array& x, const Array& t) {
    loss_ = softmax_cross_entropy(model_(x), t, {.class_weight = class_weight_});
    model_.cleargrads();
    loss_.backward();
    optimizer_.update();
    return loss_;
  }

  void run(std::size_t steps) {
    for (std::size_t i = 0; i < steps; ++i) step(x_, t_);
  }

  const Array& x() const { return x_; }
  const Array& t() const { return t_; }

  double loss() const { return loss_.item(); }

 private:
  Net model_;
  Adam optimizer_{{.alpha = adam_alpha}};
  Array x_, t_, class_weight_;
  std::vector<Array> initial_;
  Variable loss_;
};

class TenbinEpoch {
 public:
  TenbinEpoch(const EpochWorkload& workload, const Problem& problem, Dtype dtype = Dtype::float32)
      : model_(workload.widths, dtype),
        data_(problem.x.astype(dtype), problem.t),
        batch_size_(workload.batch_size),
        initial_(problem.parameters) {
    optimizer_.setup(model_);
    optimizer_.add_hook(GradientClipping(5));
    optimizer_.add_hook(WeightDecay(5e-4));
    reset();
  }

  void reset() { restore(model_, optimizer_, initial_); }

  void run() {
    for (auto [x, t] : Minibatches(data_, {.batch_size = batch_size_, .epoch = 0})) {
      loss_ = softmax_cross_entropy(model_(x), t);
      model_.cleargrads();
      loss_.backward();
      optimizer_.update();
    }
  }

  /// Of the last minibatch.
  double loss() const { return loss_.item(); }

 private:
  Net model_;
  MomentumSGD optimizer_{{.lr = 0.05, .momentum = 0.9}};
  Dataset data_;
  std::size_t batch_size_;
  std::vector<Array> initial_;
  Variable loss_;
};

}  // namespace tenbin::benchmarks
