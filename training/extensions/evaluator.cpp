#include "tenbin/training/extensions/evaluator.h"

#include "tenbin/core/config.h"
#include "tenbin/datasets/minibatches.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

Evaluator::Evaluator(Dataset data, ModelFunction model, std::vector<Metric> metrics, EvaluatorOptions options)
    : data_(std::move(data)),
      model_(std::move(model)),
      metrics_(std::move(metrics)),
      options_(std::move(options)) {
  if (data_.size() == 0) throw Error("Evaluator: expected rows, got a dataset without any");
  if (options_.batch_size == 0) throw Error("Evaluator: expected a batch_size above 0, got 0");
}

std::vector<std::string> Evaluator::reported_keys() const {
  std::vector<std::string> keys;
  if (options_.loss) keys.push_back(prefix() + "loss");
  for (const Metric& metric : metrics_) keys.push_back(prefix() + metric.name());
  return keys;
}

std::vector<std::pair<std::string, double>> Evaluator::evaluate() const {
  const TestMode test;
  const NoBackprop off;
  std::vector<std::pair<std::string, double>> values;
  if (options_.loss) {
    detail::Means means;
    const MinibatchesOptions in_order{options_.batch_size, {}, {}, false};
    for (const Dataset& batch : Minibatches(data_, in_order)) {
      Observation of_batch;
      const auto rows = static_cast<double>(batch.size());
      const ReportScope scope(of_batch, prefix(), rows);
      const Variable loss = options_.loss({batch.x, batch.t});
      of_batch.set(prefix() + "loss", loss.data(), rows);
      means.add(of_batch);
    }
    values = means.values();
  }
  if (metrics_.empty()) return values;
  const Array y = predict(model_, data_.x, {options_.batch_size});
  for (const Metric& metric : metrics_) {
    const Metric::Result result = metric(data_.t, y);
    const std::string key = prefix() + metric.name();
    for (std::size_t c = 0; c < result.values.size(); ++c)
      values.emplace_back(result.is_per_class ? key + '/' + std::to_string(c) : key, result.values[c]);
  }
  return values;
}

void Evaluator::operator()(Trainer& trainer) {
  for (const auto& [key, value] : evaluate()) trainer.observation().set(key, value);
}

}  // namespace tenbin
