// FailOnNonNumber: ends a training whose parameters are no longer numbers.
#pragma once

#include <string>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Throws when a parameter is not finite after a step, and names it:
///
///     FailOnNonNumber: l1/W[3, 0] is nan after iteration 1401, in epoch 7
///
/// Persistent values such as running means are checked, too. It runs before all other extensions: nothing of
/// that iteration is saved. By default it reads all parameters in every iteration, for which the CPU waits
/// for a GPU. (Chainer: `FailOnNonNumber`.)
///
///     trainer.extend(FailOnNonNumber());
///     trainer.extend(FailOnNonNumber(), {.trigger = Epochs(1)});    // cheaper
class FailOnNonNumber : public Extension {
 public:
  std::string name() const override { return "FailOnNonNumber"; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return Iterations(1); }
  int default_priority() const override { return Priority::writer + 100; }
};

}  // namespace tenbin
