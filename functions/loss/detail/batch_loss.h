// The loss of a batch that is cut into shards. Internal.
#pragma once

#include <optional>
#include <utility>

#include "tenbin/core/detail/shard.h"
#include "tenbin/core/function.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin::detail {

// The loss of the whole batch, in every shard, from that of the shard: with D the divisor of a shard's loss,
//
//     y = sum of D x / sum of D,
//
// or without a divisor the sum of x. The gradient of y is the sum of those of all shards.
class BatchLoss : public Function {
 public:
  explicit BatchLoss(std::optional<double> divisor) : divisor_(divisor) {}

  std::string name() const override { return "loss of a batch"; }
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override { return forward_cpu(xs); }
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override { return backward_cpu(xs, gys); }

 private:
  std::optional<double> divisor_;
  double total_ = 1;  // of the divisors
};

// The divisor of a loss whose summed value is multiplied by `coefficient`.
inline double divisor_of(double coefficient) { return coefficient == 0 ? 0 : 1 / coefficient; }

// `loss`, or in a shard the loss of the batch. `divisor()`: what the mean was divided by.
template <class Divisor>
Variable loss_of_batch(Variable loss, Reduce reduce, Divisor divisor) {
  if (Shard::current() == nullptr || reduce == Reduce::no) return loss;
  return tenbin::apply<BatchLoss>({loss},
                                  reduce == Reduce::mean ? std::optional<double>(divisor()) : std::nullopt);
}

// Applies a loss with `reduce()` and, after forward, `divisor()`.
template <class Loss, class... Args>
Variable apply_loss(std::initializer_list<Variable> inputs, Args&&... args) {
  const Reference<Loss> function(new Loss(std::forward<Args>(args)...));
  Variable loss = std::move(function->apply(inputs)[0]);
  return loss_of_batch(std::move(loss), function->reduce(), [&] { return function->divisor(); });
}

}  // namespace tenbin::detail
