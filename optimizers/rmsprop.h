// RMSprop.
#pragma once

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

/// What RMSprop may be told.
struct RMSpropOptions {
  double lr = 0.01;              ///< learning rate
  double alpha = 0.99;           ///< decay of the mean of squares, in [0, 1)
  double eps = 1e-8;             ///< >= 0
  bool eps_inside_sqrt = false;  ///< divide by sqrt(ms + eps)
};

/// RMSprop, ms = alpha ms + (1 - alpha) g^2; w -= lr g / (sqrt(ms) + eps), or / sqrt(ms + eps).
/// (Chainer: `RMSprop`; Tieleman and Hinton, Coursera lecture 6.5, 2012.)
///
///     RMSprop optimizer({.lr = 1e-3});
class RMSprop : public Optimizer {
 public:
  explicit RMSprop(const RMSpropOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "RMSprop"; }

  RMSpropOptions hyperparam;

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"ms"}; }
  void check() const override;
  void update_cpu(FlatParameters& parameters, std::int64_t t) override;
  void update_gpu(FlatParameters& parameters, std::int64_t t) override;
};

}  // namespace tenbin
