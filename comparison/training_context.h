// TrainingContext: the training rows of a fold, and what a method does with them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tenbin/comparison/method.h"
#include "tenbin/comparison/network_settings.h"
#include "tenbin/datasets/dataset.h"
#include "tenbin/links/mlp.h"
#include "tenbin/preprocessing/table_pipeline.h"

namespace tenbin {

namespace detail {
class FoldAccess;
struct FoldData;
class RowRecord;
}  // namespace detail

/// A loss of logits (N, K) and labels (N). `progress` is the share of the training's steps that are done, in
/// [0, 1).
using TrainingLoss = std::function<Variable(const Variable& logits, const Array& t, double progress)>;

/// softmax_cross_entropy with class weights, for NetworkFitOptions.
TrainingLoss weighted_cross_entropy(const Array& class_weight);

/// How a network is trained. The network itself, its initial weights and the number of steps are the same for
/// all methods that use `TrainingContext::fit` without settings of their own.
struct NetworkFitOptions {
  TrainingLoss loss = {};  ///< empty: softmax_cross_entropy
  /// The indices of an epoch's rows in their order, any number; empty: every row once, in random order.
  std::function<std::vector<std::size_t>(std::uint64_t epoch)> sampler = {};
};

/// Predictions for the training rows, each by a model that was not trained on it.
struct OutOfFold {
  Array p;                        ///< probabilities, float32 (N, K)
  Array decisions;                ///< int64 (N)
  Array t;                        ///< int32 (N)
  std::vector<std::size_t> rows;  ///< in the table
};

/// A view of the training part of one fold, prepared by a pipeline that is fitted on it. Methods get nothing
/// else, so no row of the test part. What they do with the rows is recorded for the leak check of the result.
class TrainingContext {
 public:
  /// x: float32 (N, D), finite; t: int32 (N).
  const Dataset& train() const;
  /// The number of training rows of each class, all above 0.
  const std::vector<std::size_t>& counts() const;
  std::size_t n_class() const { return counts().size(); }
  /// The class that thresholds are about: class 1 of two, or the rarest, unless the options of the
  /// comparison name another.
  std::size_t positive() const;
  /// The features of x that one categorical column became, for each such column.
  const std::vector<FeatureRange>& one_hot() const;
  const NetworkSettings& network() const;
  /// The same without hidden units, with the decay and the length that were found for it.
  const NetworkSettings& logistic() const;
  std::uint64_t seed() const;

  /// Trains the network of the fold on `rows`: those of `train()`, resampled or not. Returns it on the CPU.
  MLP fit(const Dataset& rows, const NetworkFitOptions& options = {}) const;
  MLP fit(const NetworkFitOptions& options = {}) const { return fit(train(), options); }
  /// The same for another network.
  MLP fit(const NetworkSettings& network, const Dataset& rows, const NetworkFitOptions& options = {}) const;

  /// Trains on inner folds and predicts the rows that were left out there: for a threshold, a calibration or
  /// a setting. `step` is the name of its line in the leak check.
  OutOfFold out_of_fold(const std::string& step,
                        const std::function<TrainedClassifier(const TrainingContext& inner)>& train) const;

  /// The result of `train`, computed once for each key and fold: for methods that start from the same model.
  TrainedClassifier shared(
      const std::string& key,
      const std::function<TrainedClassifier(const TrainingContext& context)>& train) const;

 private:
  friend class detail::FoldAccess;
  TrainingContext(std::shared_ptr<detail::FoldData> data, std::shared_ptr<detail::RowRecord> record,
                  std::string step);

  std::shared_ptr<detail::FoldData> data_;
  std::shared_ptr<detail::RowRecord> record_;
  std::string step_;  // the line of the leak check; empty: training or resampling
};

}  // namespace tenbin
