#include "tenbin/comparison/training_context.h"

#include <cmath>

#include "tenbin/comparison/detail/fold_data.h"
#include "tenbin/comparison/detail/network_training.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"

namespace tenbin {

namespace {

template <class T>
void append(std::vector<T>& all, const Array& values) {
  const std::vector<T> more = values.to_vector<T>();
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

TrainingLoss weighted_cross_entropy(const Array& class_weight) {
  SoftmaxCrossEntropyOptions options;
  options.class_weight = class_weight;
  return [options](const Variable& logits, const Array& t, double) {
    return softmax_cross_entropy(logits, t, options);
  };
}

TrainingContext::TrainingContext(std::shared_ptr<detail::FoldData> data,
                                 std::shared_ptr<detail::RowRecord> record, std::string step)
    : data_(std::move(data)), record_(std::move(record)), step_(std::move(step)) {}

const Dataset& TrainingContext::train() const {
  record_->fitted(step_.empty() ? "training" : step_, data_->split.train);
  return data_->train;
}

const std::vector<std::size_t>& TrainingContext::counts() const { return data_->counts; }

std::size_t TrainingContext::positive() const { return data_->source->positive; }

const std::vector<FeatureRange>& TrainingContext::one_hot() const { return data_->one_hot; }

const NetworkSettings& TrainingContext::network() const { return data_->chosen->network; }

const NetworkSettings& TrainingContext::logistic() const { return data_->chosen->logistic; }

std::uint64_t TrainingContext::seed() const { return data_->seed; }

MLP TrainingContext::fit(const Dataset& rows, const NetworkFitOptions& options) const {
  return fit(network(), rows, options);
}

MLP TrainingContext::fit(const NetworkSettings& network, const Dataset& rows,
                         const NetworkFitOptions& options) const {
  const std::size_t columns = data_->train.x.shape()[1];
  if (!rows.x || rows.x.dtype() != Dtype::float32 || rows.x.ndim() != 2 || rows.x.shape()[1] != columns)
    throw Error("TrainingContext::fit: expected rows float32 (N, ", columns, "), got ", rows.x);
  if (network.epochs == 0 || network.max_epochs == 0 || network.batch_size == 0 || !(network.alpha > 0) ||
      !std::isfinite(network.alpha))
    throw Error("TrainingContext::fit: expected epochs, max_epochs, batch_size and alpha above 0, got ",
                network.epochs, ", ", network.max_epochs, ", ", network.batch_size, " and ", network.alpha);
  const std::string step = !step_.empty() ? step_ : rows.resampled_by != nullptr ? "resampling" : "training";
  detail::record_training(*data_, rows, step, *record_);
  detail::NetworkTraining training(rows.to(data_->source->device), n_class(), network, options, seed(),
                                   data_->orders);
  while (!training.is_done()) {
    training.run_pass();
    data_->passed();
  }
  MLP model = training.model();
  model.to(Device::cpu());
  return model;
}

OutOfFold TrainingContext::out_of_fold(
    const std::string& step,
    const std::function<TrainedClassifier(const TrainingContext& inner)>& train) const {
  OutOfFold all;
  std::vector<float> p;
  std::vector<std::int64_t> decisions;
  std::vector<std::int32_t> t;
  for (const auto& inner : detail::inner_folds(*data_, *record_)) {
    const TrainingContext context(inner, record_, step);
    const TrainedClassifier classifier = train(context);
    const Array predicted = classifier.predict_proba(inner->test.x, n_class());
    record_->measured(step, inner->split.train, inner->split.test);
    append(p, predicted);
    append(decisions, classifier.decision(predicted));
    append(t, inner->test.t);
    all.rows.insert(all.rows.end(), inner->split.test.begin(), inner->split.test.end());
  }
  all.p = Array(p, {t.size(), n_class()});
  all.decisions = Array(decisions);
  all.t = Array(t);
  return all;
}

TrainedClassifier TrainingContext::shared(
    const std::string& key,
    const std::function<TrainedClassifier(const TrainingContext& context)>& train) const {
  std::shared_ptr<detail::FoldData::Memo> memo;
  {
    const std::lock_guard<std::mutex> lock(data_->mutex);
    std::shared_ptr<detail::FoldData::Memo>& entry = data_->memos[step_ + '\n' + key];
    if (!entry) entry = std::make_shared<detail::FoldData::Memo>();
    memo = entry;
  }
  const std::lock_guard<std::mutex> lock(memo->mutex);
  if (!memo->classifier) {
    // Of its own, so that every method that uses the model gets the same record.
    memo->record = std::make_shared<detail::RowRecord>(record_->n_rows());
    memo->classifier = train(TrainingContext(data_, memo->record, step_));
  }
  record_->merge(*memo->record);
  return *memo->classifier;
}

}  // namespace tenbin
