// Nesterov's accelerated gradient.
#pragma once

#include "tenbin/optimizers/optimizer.h"

namespace tenbin {

/// What NesterovAG may be told.
struct NesterovAGOptions {
  double lr = 0.01;       ///< learning rate
  double momentum = 0.9;  ///< in [0, 1)
};

/// Nesterov's accelerated gradient, v = momentum v - lr g; w += momentum^2 v - (1 + momentum) lr g, with the
/// new v in the second formula too, as Chainer has it. (Chainer: `NesterovAG`; Bengio et al., "Advances in
/// optimizing recurrent networks", ICASSP 2013.)
///
///     NesterovAG optimizer({.lr = 0.1});
class NesterovAG : public Optimizer {
 public:
  explicit NesterovAG(const NesterovAGOptions& options = {}) : hyperparam(options) {}
  std::string name() const override { return "NesterovAG"; }

  NesterovAGOptions hyperparam;

 protected:
  SmallVector<const char*, 3> state_names() const override { return {"v"}; }
  void check() const override;
  void update_cpu(FlatParameters& parameters, std::int64_t t) override;
  void update_gpu(FlatParameters& parameters, std::int64_t t) override;
};

}  // namespace tenbin
