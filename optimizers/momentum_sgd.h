// Gradient descent with momentum.
#pragma once

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

namespace detail {

// One element.
template <class T>
struct MomentumSGDStep {
  T lr, momentum;
  constexpr void operator()(T& w, const T& g, T& v) const {
    v = momentum * v - lr * g;
    w += v;
  }
};

}  // namespace detail

/// Options of MomentumSGD.
struct MomentumSGDOptions {
  double lr = 0.01;       ///< learning rate
  double momentum = 0.9;  ///< in [0, 1)
};

/// Gradient descent with momentum, v = momentum v - lr g; w += v. (Chainer: `MomentumSGD`.)
///
/// The rate is inside v: after a change of `lr` the velocity still has steps of the old rate in it, unlike
/// PyTorch's.
///
///     MomentumSGD optimizer({.lr = 0.1});
class MomentumSGD : public Optimizer {
 public:
  explicit MomentumSGD(const MomentumSGDOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "MomentumSGD"; }

  MomentumSGDOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override {
    return {{"lr", &hyperparam.lr}, {"momentum", &hyperparam.momentum}};
  }

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"v"}; }
  void check() const override;
  void update_cpu(FlatParameters& parameters, std::int64_t t) override;
  void update_gpu(FlatParameters& parameters, std::int64_t t) override;

 private:
  template <class T>
  detail::MomentumSGDStep<T> step() const {
    return {static_cast<T>(hyperparam.lr), static_cast<T>(hyperparam.momentum)};
  }
};

}  // namespace tenbin
