// Stochastic gradient descent.
#pragma once

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

namespace detail {

// One element.
template <class T>
struct SGDStep {
  T lr;
  constexpr void operator()(T& w, const T& g) const { w -= lr * g; }
};

}  // namespace detail

/// Options of SGD.
struct SGDOptions {
  double lr = 0.01;  ///< learning rate
};

/// Stochastic gradient descent, w -= lr g. (Chainer: `SGD`.)
///
///     SGD optimizer({.lr = 0.1});
class SGD : public Optimizer {
 public:
  explicit SGD(const SGDOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "SGD"; }

  SGDOptions hyperparam;
  std::vector<Hyperparameter> hyperparameters() override { return {{"lr", &hyperparam.lr}}; }

 protected:
  void check() const override;
  void update_cpu(FlatParameters& parameters, std::int64_t t) override;
  void update_gpu(FlatParameters& parameters, std::int64_t t) override;

 private:
  template <class T>
  detail::SGDStep<T> step() const {
    return {static_cast<T>(hyperparam.lr)};
  }
};

}  // namespace tenbin
