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

std::vector<std::size_t> EpochOrders::order(std::uint64_t epoch) {
  constexpr std::uint64_t stream = 0x636f6d70617265;
  constexpr std::size_t most_kept_rows = 200000;
  const auto drawn = [&] { return random::substream(seed_, stream, epoch).permutation(n_rows_); };
  if (n_rows_ > most_kept_rows) return drawn();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::uint32_t>& kept = orders_[epoch];
  if (kept.empty())
    for (const std::size_t row : drawn()) kept.push_back(static_cast<std::uint32_t>(row));
  return std::vector<std::size_t>(kept.begin(), kept.end());
}

NetworkTraining::NetworkTraining(Dataset rows, std::size_t n_class, const NetworkSettings& settings,
                                 NetworkFitOptions options, std::uint64_t seed,
                                 std::shared_ptr<EpochOrders> orders)
    : rows_(std::move(rows)),
      settings_(settings),
      options_(std::move(options)),
      orders_(std::move(orders)),
      model_(initial_network(rows_, n_class, settings, seed)) {
  const std::size_t steps_per_epoch = (orders_->n_rows() + settings.batch_size - 1) / settings.batch_size;
  steps_ = settings.epochs * steps_per_epoch;
  schedule_steps_ = settings.max_epochs * steps_per_epoch;
  if (rows_.size() != orders_->n_rows()) orders_ = std::make_shared<EpochOrders>(rows_.size(), seed);
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

std::vector<std::size_t> NetworkTraining::next_order() {
  const std::uint64_t epoch = pass_++;
  std::vector<std::size_t> order = options_.sampler ? options_.sampler(epoch) : orders_->order(epoch);
  if (order.empty()) throw Error("TrainingContext::fit: expected rows to train on, got none");
  return order;
}

void NetworkTraining::run_pass() {
  MinibatchesOptions batching;
  batching.batch_size = settings_.batch_size;
  batching.shuffle = false;
  const Minibatches<> batches(rows_, next_order(), batching);
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
