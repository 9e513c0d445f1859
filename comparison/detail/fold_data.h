// The data of one fold, shared by the methods that are trained on it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/comparison/detail/network_training.h"
#include "tenbin/comparison/detail/row_record.h"
#include "tenbin/comparison/training_context.h"

namespace tenbin::detail {

// What folds are made from; it outlives them.
struct FoldSource {
  Table table;             // every class has rows
  TablePipeline pipeline;  // not fitted
  std::size_t positive;
  std::size_t inner_folds;
  NetworkSearch search;
  Device device;
};

// The result of the search. Inner folds share it with their fold.
struct ChosenNetwork {
  NetworkSettings network;
  NetworkSettings logistic;
  std::vector<NetworkCandidate> candidates;  // in the order of the search
};

struct FoldData {
  const FoldSource* source;
  Split split;  // rows of the table: train, and those that are predicted
  std::uint64_t seed;
  std::shared_ptr<ChosenNetwork> chosen;
  TablePipeline pipeline;  // fitted to split.train
  Dataset train;
  Dataset test;
  std::shared_ptr<EpochOrders> orders;  // of train
  std::vector<std::size_t> counts;
  std::vector<FeatureRange> one_hot;
  RowContents train_contents;
  RowContents test_contents;  // without rows that equal a training row
  // Called after each pass of a training over its rows; what it throws ends the training.
  std::function<void()> after_pass;

  // Made when they are first needed.
  struct Memo {
    std::mutex mutex;
    std::optional<TrainedClassifier> classifier;
    std::shared_ptr<RowRecord> record;
  };
  void passed() const {
    if (after_pass) after_pass();
  }
  std::mutex mutex;
  std::vector<std::shared_ptr<FoldData>> inner;
  std::map<std::string, std::shared_ptr<Memo>> memos;
};

// Prepares a fold. The record gets the rows to which the pipeline is fitted.
std::shared_ptr<FoldData> make_fold(const FoldSource& source, Split split, std::uint64_t seed,
                                    RowRecord& record, std::shared_ptr<ChosenNetwork> chosen = nullptr);

// The inner folds. Errors: a class has a single row.
const std::vector<std::shared_ptr<FoldData>>& inner_folds(FoldData& fold, RowRecord& record);

// Chooses the network of the fold.
void choose_network(FoldData& fold, RowRecord& record);

// Records the rows that a network is trained on, found by their content.
void record_training(const FoldData& fold, const Dataset& rows, const std::string& step, RowRecord& record);

// For the comparison: what methods have no access to.
class FoldAccess {
 public:
  static TrainingContext context(std::shared_ptr<FoldData> fold, std::shared_ptr<RowRecord> record,
                                 std::string step = "") {
    return TrainingContext(std::move(fold), std::move(record), std::move(step));
  }
};

}  // namespace tenbin::detail
