#include "tenbin/distributed/evaluation.h"

#include <utility>

#include "tenbin/core/config.h"
#include "tenbin/core/text.h"
#include "tenbin/distributed/detail/joined_rows.h"

namespace tenbin {

namespace {

// The means of all ranks' rows, from the means of the shards of each, in the order of the shards.
std::vector<std::pair<std::string, double>> mean_losses(const ShardedDataset& data, const LossFunction& loss,
                                                        std::size_t batch_size, const std::string& prefix) {
  const Communicator& comm = data.communicator();
  std::vector<double> mine;  // of every shard, the means of its keys
  std::vector<std::string> keys;
  comm.together([&] {
    for (const detail::Samples& samples : data.local()) {
      detail::Means means;
      detail::add_losses(samples, loss, batch_size, prefix, means);
      const auto values = means.values();
      if (values.empty()) continue;
      if (keys.empty()) keys = means.keys();
      if (means.keys() != keys)
        throw Error("evaluator: the loss reports ", detail::joined(keys), " for one shard and ",
                    detail::joined(means.keys()), " for another");
      for (const auto& [key, value] : values) mine.push_back(value);
    }
  });
  std::string lines;
  for (const std::string& key : keys) lines += key + '\n';
  for (const std::string& of_rank : comm.allgather(lines)) {
    if (of_rank.empty()) continue;  // a rank without rows
    const std::vector<std::string> keys_of_rank = detail::lines_of(of_rank);
    if (keys.empty()) keys = keys_of_rank;
    if (keys_of_rank != keys)
      throw Error("evaluator: the loss reports ", detail::joined(keys), " on one rank and ",
                  detail::joined(keys_of_rank), " on another");
  }
  std::vector<double> sums(keys.size(), 0);
  std::size_t shard = 0;
  for (const Array& of_rank : comm.allgather(Array(mine))) {
    const std::vector<double> values = of_rank.to_vector<double>();
    for (std::size_t i = 0; i < values.size(); i += keys.size()) {
      while (data.sizes()[shard] == 0) ++shard;
      for (std::size_t k = 0; k < keys.size(); ++k)
        sums[k] += static_cast<double>(data.sizes()[shard]) * values[i + k];
      ++shard;
    }
  }
  std::vector<std::pair<std::string, double>> means;
  for (std::size_t k = 0; k < keys.size(); ++k)
    means.emplace_back(keys[k], sums[k] / static_cast<double>(data.size()));
  return means;
}

}  // namespace

Array predict(const ModelFunction& model, const ShardedDataset& data, const PredictOptions& options) {
  if (data.shards() == 0) throw Error("predict: the ShardedDataset is empty");
  std::vector<Array> outputs;
  data.communicator().together([&] {
    for (const detail::Samples& samples : data.local()) {
      if (samples.x)
        throw Error("predict: a ShardedDataset of sparse rows is not supported, got ", samples.x);
      outputs.push_back(predict(model, samples.arrays[0], options));
    }
  });
  return detail::joined_rows(data.communicator().allgather(detail::joined_rows(outputs)));
}

Evaluator evaluator(const ShardedDataset& data, ModelFunction model, std::vector<Metric> metrics,
                    EvaluatorOptions options) {
  const auto losses = [data](const LossFunction& loss, std::size_t batch_size, const std::string& prefix) {
    return mean_losses(data, loss, batch_size, prefix);
  };
  const auto outputs = [data, model = std::move(model)](std::size_t batch_size) {
    return predict(model, data, {batch_size});
  };
  return Evaluator(detail::EvaluatedRows{data.labels(), outputs, losses}, std::move(metrics),
                   std::move(options));
}

ConfusionMatrix allreduce(const Communicator& comm, const ConfusionMatrix& matrix) {
  // A rank without rows does not know yet whether they have weights.
  const bool is_weighted = comm.allreduce(Array({matrix.weighted() ? 1 : 0}, Dtype::int64)).item() > 0;
  const Array counts = matrix.counts().astype(is_weighted ? Dtype::float64 : Dtype::int64);
  return ConfusionMatrix::from_counts(comm.allreduce(counts));
}

}  // namespace tenbin
