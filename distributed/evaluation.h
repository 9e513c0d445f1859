// Evaluation on a dataset that several ranks share: the metrics of all rows.
#pragma once

#include <vector>

#include "tenbin/distributed/sharded_dataset.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/training/extensions/evaluator.h"

namespace tenbin {

/// The outputs of a model for all rows, in the order of `data.labels()`, on every rank. Each rank computes
/// those of its shards, in batches; the bits do not depend on the number of ranks.
///
///     const Array scores = predict(model, valid);
///     const double ap = average_precision_score(valid.labels(), scores);
///
/// model: as for `predict` of an Array. Errors: sparse rows; those of the model.
Array predict(const ModelFunction& model, const ShardedDataset& data, const PredictOptions& options = {});

/// An Evaluator, for a trainer on every rank: each rank runs the model on its shards, and every rank gets the
/// metrics of all rows, from the outputs of all. A loss is the mean over the batches of all shards, by rows,
/// as Evaluator computes it: with class weights it depends on the size of the batches. (ChainerMN:
/// `create_multi_node_evaluator`, which takes the mean of the ranks' metrics.)
///
///     trainer.extend(evaluator(scatter(valid, comm), [&](const Variable& x) { return softmax(model(x)); },
///                              {{"ap", average_precision_score}}));
///
/// The outputs of all rows are on every rank: N x C numbers. For counts alone, which need no memory, there is
/// `allreduce` of a ConfusionMatrix.
Evaluator evaluator(const ShardedDataset& data, ModelFunction model, std::vector<Metric> metrics,
                    EvaluatorOptions options = {});

/// The confusion matrix of the rows of all ranks, from those of each. Errors: other classes.
ConfusionMatrix allreduce(const Communicator& comm, const ConfusionMatrix& matrix);

}  // namespace tenbin
