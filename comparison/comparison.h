// compare: methods against class imbalance on the same folds of a table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/bundle/bundle.h"
#include "tenbin/comparison/result.h"
#include "tenbin/comparison/training_context.h"
#include "tenbin/datasets/split.h"
#include "tenbin/training/peers.h"

namespace tenbin {

struct ComparisonProgress {
  std::size_t done;   ///< about the number of trainings that are finished
  std::size_t total;  ///< `done` at the end
  std::string what;   ///< "fold 3: SMOTE"
};

struct ComparisonOptions {
  std::size_t folds = 5;    ///< stratified; fewer if a class has fewer rows
  std::size_t repeats = 5;  ///< of the cross-validation, with other folds
  /// If given, instead of `folds` and `repeats`: by groups, by time, or one canonical split.
  std::vector<Split> splits = {};
  std::size_t inner_folds = 3;  ///< of the training part, for what is chosen; fewer if a class has fewer rows
  std::uint64_t seed = 1;
  /// Choose the methods' own settings on the inner folds.
  bool tune = true;
  NetworkSearch network = {};
  std::string baseline = "plain";  ///< the method that the others are compared with
  std::string positive =
      {};  ///< the class of thresholds, recall and intervals; empty: class 1 of two, or the rarest
  double false_alarm_budget = 0.05;
  std::size_t n_resamples = 1000;  ///< of the bootstrap; 0: no intervals
  /// Not fitted. Not set: that of `auto_pipeline(table)`.
  std::optional<TablePipeline> pipeline = {};
  Device device = {};  ///< of the trainings
  /// The processes that make the same comparison, `peers(comm)` (distributed/): the folds are spread over
  /// them, and all get the same result. The first one writes `state`, the others `state.1` and so on beside
  /// it, which the first takes over, also after an interruption. Not set: there are no others.
  std::shared_ptr<Peers> peers = {};
  /// A file in which finished results are kept, so that a run that was killed goes on where it was; empty:
  /// none. It stays when the comparison is done. It is written after a result, if the last writing is at
  /// least `state_interval` seconds and 20 times its duration ago, and at the end. A method is recognised by
  /// its name and its settings: if you change its function, change its name, or use another file.
  std::string state = {};
  double state_interval = 1;
  /// Called after each training or a few of them, and during the bootstrap; during a long training also
  /// after a pass over its rows, a few times per second, with the same `done`. By one thread at a time. What
  /// it throws ends the comparison.
  std::function<void(const ComparisonProgress&)> progress = {};
};

/// Compares methods on the same folds of a table with a label.
///
/// - The pipeline, the resampling, the weights and everything that is chosen - the network, its length, the
///   settings of a method, a threshold - depend on the training part of a fold alone; what is chosen is
///   chosen on inner folds of it. The result says which rows each step has seen (LeakCheck).
/// - In a fold, methods that use `TrainingContext::fit` train the same network from the same initial weights
///   for the same number of steps. "majority" trains nothing; "logistic regression" trains a network without
///   hidden units, whose weight decay and length were chosen for it.
/// - Differences from the baseline are tested by the corrected resampled t-test, paired over the folds, with
///   Holm's correction for the number of methods.
/// - Columns that `auto_pipeline` finds useless (identifiers, constants, free text) are left out, decided on
///   all rows without their labels; so are classes that no row has.
///
/// The bits of the result depend on the arguments alone, not on the number of threads, nor on whether a run
/// was resumed. Folds and methods are spread over the threads.
///
/// Errors: no label; missing labels; fewer than two classes; a class of fewer than 3 rows; no features; an
/// empty list of methods, or without the baseline; the baseline is not possible; options out of range; a
/// `state` file of other data, options or version of the library; those of the pipeline and of OutputFile.
///
///     const Table table = load_csv("customers.csv", {.label = "churned"});
///     const ComparisonResult result = compare(table, standard_methods(), {.repeats = 1});
///     std::cout << to_text(result);
ComparisonResult compare(const Table& table, const ComparisonMethods& methods = standard_methods(),
                         const ComparisonOptions& options = {});

/// The same with a test table: one fold. A single fold has no test of differences; `average_precision` and
/// `recall_at_fpr` of the methods have intervals. `auto_pipeline` is given the training table alone. Errors:
/// also those of `test.like(train)`, but unseen categories and texts in numeric columns are missing values.
ComparisonResult compare(const Table& train, const Table& test,
                         const ComparisonMethods& methods = standard_methods(),
                         const ComparisonOptions& options = {});

/// Removes the file of `ComparisonOptions::state`, and those of other processes, if they are there. Errors:
/// `state.npz: cannot remove this file: ...`.
void remove_state(const std::string& state);

/// A model for use, trained by a method on all rows of a table, as `compare` trains it on the training part
/// of a fold.
struct TrainedMethod {
  Bundle bundle;  ///< for `save_bundle` and Predictor
  NetworkSettings network;
  MethodSettings settings;
  /// Predictions of the same method on inner folds: to tune a threshold or a calibration for an objective of
  /// your own.
  OutOfFold out_of_fold;
};

/// The options `splits`, `folds`, `repeats`, `baseline`, `n_resamples` and `state` are not used. Errors:
/// those of `compare` about the table and the other options; the method is not possible for these data, or
/// its model is not a network.
///
///     const TrainedMethod trained = train_method(table, standard_methods()["class weights"]);
///     save_bundle("model.npz", trained.bundle);
TrainedMethod train_method(const Table& table, const ComparisonMethod& method,
                           const ComparisonOptions& options = {});

}  // namespace tenbin
