#include "tenbin/comparison/detail/network_training.h"

#include "tenbin/core/random.h"
#include "tenbin/datasets/minibatches.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/optimizers/optimizer_hooks.h"

namespace tenbin::detail {

namespace {

MLP initial_network(const Dataset& rows, std::size_t n_class, const NetworkSettings& settings,
                    std::uint64_t seed) {
  const random::KeepDefaultGenerator keep;
  random::seed(seed);
  std::vector<std::size_t> sizes = {rows.x.shape()[1]};
  if (settings.hidden > 0) sizes.push_back(settings.hidden);
  sizes.push_back(n_class);
  MLP model(sizes, {.initialW = HeNormal()});
  model.to(rows.x.device());
  return model;
}

}  // namespace

std::size_t steps_per_epoch(std::size_t n_rows, const NetworkSettings& settings) {
  return (n_rows + settings.batch_size - 1) / settings.batch_size;
}

NetworkTraining::NetworkTraining(Dataset rows, std::size_t n_class, const NetworkSettings& settings,
                                 NetworkFitOptions options, std::uint64_t seed, std::size_t steps_per_epoch)
    : rows_(std::move(rows)),
      settings_(settings),
      options_(std::move(options)),
      seed_(seed),
      model_(initial_network(rows_, n_class, settings, seed)),
      steps_(settings.epochs * steps_per_epoch),
      schedule_steps_(settings.max_epochs * steps_per_epoch) {
  optimizer_.setup(model_);
  weights_ = &optimizer_.group("*/W");
  weights_->add_hook(WeightDecay(settings.weight_decay));
}

double NetworkTraining::alpha() const {
  const std::size_t percent = 100 * step_ / schedule_steps_;
  return settings_.alpha * (percent < 60 ? 1 : percent < 85 ? 0.1 : 0.01);
}

Variable NetworkTraining::loss_of(const Dataset& batch) const {
  const Variable logits = model_(batch.x);
  if (!options_.loss) return softmax_cross_entropy(logits, batch.t);
  return options_.loss(logits, batch.t, static_cast<double>(step_) / static_cast<double>(steps_));
}

void NetworkTraining::run_pass() {
  const std::uint64_t epoch = pass_++;
  const MinibatchesOptions batching{.batch_size = settings_.batch_size, .seed = seed_, .epoch = epoch};
  const Minibatches<> batches = options_.sampler ? Minibatches<>(rows_, options_.sampler(epoch), batching)
                                                 : Minibatches<>(rows_, batching);
  if (batches.size() == 0) throw Error("TrainingContext::fit: expected rows to train on, got none");
  for (const Dataset& batch : batches) {
    if (is_done()) return;
    optimizer_.hyperparam.alpha = weights_->hyperparam.alpha = alpha();
    Variable loss = loss_of(batch);
    model_.cleargrads();
    loss.backward();
    optimizer_.update();
    ++step_;
  }
}

}  // namespace tenbin::detail
