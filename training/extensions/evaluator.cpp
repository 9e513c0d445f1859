#include "tenbin/training/extensions/evaluator.h"

#include "tenbin/core/config.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

template <class Data>
const Data& with_rows(const Data& data) {
  if (data.size() == 0) throw Error("Evaluator: expected rows, got a dataset without any");
  return data;
}

}  // namespace

detail::Samples Evaluator::samples_of(const Dataset& data) { return detail::arrays_of(with_rows(data)); }
detail::Samples Evaluator::samples_of(const SparseDataset& data) {
  return detail::arrays_of(with_rows(data));
}

Evaluator::Evaluator(Dataset data, ModelFunction model, std::vector<Metric> metrics, EvaluatorOptions options)
    : Evaluator(
          rows_of(samples_of(data), [x = data.x, model = std::move(model)](
                                        std::size_t batch_size) { return predict(model, x, {batch_size}); }),
          std::move(metrics), std::move(options)) {}

Evaluator::Evaluator(detail::EvaluatedRows rows, std::vector<Metric> metrics, EvaluatorOptions options)
    : rows_(std::move(rows)), metrics_(std::move(metrics)), options_(std::move(options)) {
  if (options_.batch_size == 0) throw Error("Evaluator: expected a batch_size above 0, got 0");
}

detail::EvaluatedRows Evaluator::rows_of(detail::Samples samples,
                                         std::function<Array(std::size_t batch_size)> outputs) {
  const Array t = samples.arrays.back();
  return {t, std::move(outputs),
          [samples = std::move(samples)](const LossFunction& loss, std::size_t batch_size,
                                         const std::string& prefix) {
            detail::Means means;
            detail::add_losses(samples, loss, batch_size, prefix, means);
            return means.values();
          }};
}

void detail::add_losses(const Samples& samples, const LossFunction& loss, std::size_t batch_size,
                        const std::string& prefix, Means& means) {
  const MinibatchesOptions in_order{batch_size, {}, {}, false};
  const BatchPlan plan(samples, std::nullopt, in_order);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Arrays batch = plan.batch(plan.pass(), i);
    Observation of_batch;
    const auto rows = static_cast<double>(batch.back().shape()[0]);
    const ReportScope scope(of_batch, prefix, rows);
    const Variable value = loss(batch);
    of_batch.set(prefix + "loss", value.data(), rows);
    means.add(of_batch);
  }
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
  if (options_.loss) values = rows_.losses(options_.loss, options_.batch_size, prefix());
  if (metrics_.empty()) return values;
  const Array y = rows_.outputs(options_.batch_size);
  const Array& t = rows_.t;
  for (const Metric& metric : metrics_) {
    const Metric::Result result = metric(t, y);
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
