// The result of a comparison: everything that a table, a file or a report shows of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tenbin/comparison/leak_check.h"
#include "tenbin/comparison/method.h"
#include "tenbin/comparison/network_settings.h"
#include "tenbin/core/array.h"

namespace tenbin {

/// A metric of the comparison.
struct ComparisonMetric {
  std::string key;   ///< in JSON and CSV
  std::string name;  ///< in tables
  bool higher_is_better;
};

/// In this order:
///
///     balanced_accuracy  f1_macro  g_mean  matthews_corrcoef
///     roc_auc  average_precision  recall_at_fpr
///     brier_score  log_loss  expected_calibration_error
///
/// The first four are about the decisions, the others about the probabilities. `roc_auc`, `average_precision`
/// and `recall_at_fpr` are of the positive class of two; of more classes, means over those that the test rows
/// have, each against the rest. The names are those of `classification_scores` and of scikit-learn's scorers.
///
/// `recall_at_fpr` is the recall at a false-alarm budget: the largest recall of a threshold by which at most
/// that share of the other rows is taken for positive. As a point of the ROC curve it needs no threshold that
/// was chosen before.
const std::vector<ComparisonMetric>& comparison_metrics();
/// Errors: there is no such metric; the message lists the keys.
std::size_t metric_index(const std::string& key);

/// The test rows of the positive class in a fold, and how many of them were found.
struct FoundRows {
  std::size_t found = 0;
  std::size_t present = 0;
};

/// The difference of a method from the baseline in one metric, paired over the folds.
struct MetricDifference {
  std::vector<double> values;  ///< one for each fold
  double mean = 0;
  double p_value = 1;   ///< corrected resampled t-test; 1 for a single fold
  double p_holm = 1;    ///< adjusted for the number of methods by Holm's method
  bool better = false;  ///< whether the mean is on the better side
};

/// A value, and its percentile bootstrap interval over rows, at 95%.
struct BootstrapValue {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< NaN if no fold has rows of both kinds
  double low = std::numeric_limits<double>::quiet_NaN();    ///< NaN without a bootstrap
  double high = std::numeric_limits<double>::quiet_NaN();   ///< NaN without a bootstrap

  bool has_interval() const { return low <= high; }
};

/// A metric of the positive class against the rest: the mean over the folds of the pooled rows of
/// `ComparisonResult` that have rows of the class and others. Resamples are drawn from the rows of each class
/// and fold, so that a score needs to mean the same in one fold only.
struct PooledMetric {
  BootstrapValue value;
  BootstrapValue difference;  ///< from the baseline, on the same resamples
};

/// The results of a method.
struct MethodResult {
  std::string name;
  std::string about;
  /// Why it was not possible: then everything below is empty.
  std::string left_out;
  std::vector<std::vector<double>> values;    ///< [metric][fold]
  std::vector<FoundRows> found;               ///< [fold]
  std::vector<MethodSettings> settings;       ///< [fold], as chosen on the inner folds
  std::vector<MetricDifference> differences;  ///< [metric], from the baseline; empty for the baseline
  PooledMetric average_precision;
  PooledMetric recall_at_fpr;
  Array probabilities;  ///< float32 (N, K), of the pooled rows
  Array decisions;      ///< int32 (N)

  bool is_left_out() const { return !left_out.empty(); }
};

/// A fold: one training part and one test part.
struct FoldResult {
  std::size_t train_rows = 0;
  std::size_t test_rows = 0;
  NetworkSettings network;
  NetworkSettings logistic;                  ///< of the method "logistic regression"
  std::vector<NetworkCandidate> candidates;  ///< in the order in which they were tried; empty: no search
};

/// The result of `compare`.
struct ComparisonResult {
  // The data.
  std::string source;
  std::string test_source;    ///< of the test table, if there is one
  std::size_t n_rows = 0;     ///< of both tables
  std::size_t n_columns = 0;  ///< features in the table that are used
  std::size_t n_categorical = 0;
  std::vector<std::string> left_out_columns;  ///< and why
  std::string label;
  std::vector<std::string> classes;
  std::vector<std::size_t> class_counts;       ///< of both tables
  std::vector<std::size_t> test_class_counts;  ///< of the test table; empty without one
  std::size_t positive = 0;                    ///< the class that thresholds, recall and intervals are about

  // The protocol.
  std::size_t n_folds = 0;    ///< of a repetition; 0: the splits were given
  std::size_t n_repeats = 0;  ///< 0: the splits were given
  std::size_t inner_folds = 0;
  std::uint64_t seed = 0;
  double false_alarm_budget = 0;
  std::string baseline;
  bool tuned = false;
  NetworkSearch search;

  // The results.
  std::vector<FoldResult> folds;
  std::vector<MethodResult> methods;
  LeakCheck leak_check;
  /// The rows, as indices of the table in ascending order, that `probabilities` and `decisions` of the
  /// methods are about: the test rows of the first repetition, where every row is tested once. Of given
  /// splits, those of the first ones as far as no row occurs twice.
  std::vector<std::size_t> rows;
  std::size_t n_pooled_folds = 0;
  Array t;  ///< int32 (N), the classes of the rows

  /// Errors: there is no such method; the message lists the names.
  const MethodResult& operator[](const std::string& method) const;
  bool has_test_table() const { return !test_class_counts.empty(); }
  /// The mean over the folds of test rows per training row: the argument of corrected_resampled_t_test.
  double test_train_ratio() const;
  /// The found rows of the positive class in the pooled rows.
  FoundRows found(const MethodResult& method) const;
  /// The method with the best mean of a metric; the first on ties, and if it is defined for none (NaN: a fold
  /// has no rows of the class). Methods that were left out and the
  /// majority are not considered. Errors: no such metric; no method is left.
  const MethodResult& best(const std::string& metric) const;
};

/// P-values below it are marked.
inline constexpr double significance_level = 0.05;

/// The table: mean and standard deviation over the folds, in percent (log loss as it is), marked + or - where
/// a method is significantly better or worse than the baseline (`p_holm`); how many rows of the positive
/// class were found, with Wilson's interval; the intervals; what was chosen on the inner folds; what was left
/// out; the leak check.
std::string to_text(const ComparisonResult& result);
/// Everything but the probabilities as a JSON object, indented by two spaces. What is not defined is null; an
/// interval that was not computed is not there.
std::string to_json(const ComparisonResult& result);
/// `method,metric,fold,value`: one line for every method, metric and fold.
std::string to_csv(const ComparisonResult& result);

}  // namespace tenbin
