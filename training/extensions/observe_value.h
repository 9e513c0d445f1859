// ObserveValue: reports a value that a function computes, such as the learning rate.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/training/trainer.h"

namespace tenbin {

/// Reports what a function of the trainer returns, by a key; made by `observe_value`.
class ObserveValue : public Extension {
 public:
  ObserveValue(std::string key, std::function<double(Trainer&)> value)
      : key_(std::move(key)), value_(std::move(value)) {}
  std::string name() const override { return "ObserveValue"; }
  void operator()(Trainer& trainer) override { trainer.observation().set(key_, value_(trainer)); }
  int default_priority() const override { return Priority::writer; }
  std::vector<std::string> reported_keys() const override { return {key_}; }

 private:
  std::string key_;
  std::function<double(Trainer&)> value_;
};

/// An extension that reports a value, by default at the end of each epoch. (Chainer: `observe_value`.)
///
///     trainer.extend(observe_value("alpha", [&](Trainer&) { return optimizer.hyperparam.alpha; }));
inline ObserveValue observe_value(std::string key, std::function<double(Trainer&)> value) {
  return {std::move(key), std::move(value)};
}

/// Reports the learning rate of the optimizer as `lr`: `Optimizer::learning_rate`. (Chainer: `observe_lr`.)
///
///     trainer.extend(observe_lr());
///     trainer.extend(PrintReport({"epoch", "lr", "main/loss"}));
inline ObserveValue observe_lr(std::string key = "lr") {
  return observe_value(std::move(key), [](Trainer& trainer) { return trainer.optimizer().learning_rate(); });
}

}  // namespace tenbin
