// The results of the comparison: every metric of every method on every split, and their statistics.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tenbin/examples/remedies/methods.h"

namespace tenbin::examples {

/// A metric of a prediction, given the labels and the index of the rarest class.
struct Metric {
  std::string name;
  std::string key;  ///< name in JSON and CSV
  bool higher_is_better;
  std::function<double(const Array& t, const Prediction& prediction, std::size_t rarest)> value;
};

/// Balanced accuracy, macro F1, G-mean, MCC, ROC-AUC, average precision, Brier score, ECE. With two classes
/// AUC and average precision are for the rarer one; with more, means over all classes against the rest.
const std::vector<Metric>& metrics();

/// The rows of the rarest class in a test part, and how many of them were found.
struct Found {
  std::size_t found = 0;
  std::size_t present = 0;
};

/// The difference of a method from the baseline in one metric.
struct Difference {
  double mean = 0;
  double p_value = 1;  ///< corrected resampled t-test, then Holm over the methods
  bool better = false;
};

struct Results {
  /// [method][metric][split]
  std::vector<std::vector<std::vector<double>>> values;
  /// [method][split]
  std::vector<std::vector<Found>> rarest;
  std::size_t n_folds = 0;  ///< splits per repetition
  double test_train_ratio = 0;

  Results(std::size_t n_splits, std::size_t folds);
  /// Adds the predictions for one split. Different splits may be added concurrently.
  void enter(std::size_t split, const Array& t, const std::vector<Prediction>& predictions,
             std::size_t rarest_class);

  /// The counts of the rarest class in the first repetition, in which every row was tested once.
  Found found_in_first_repetition(std::size_t method) const;
  /// [method][metric]
  std::vector<std::vector<Difference>> differences() const;
};

/// The index of the baseline among the methods.
std::size_t baseline_method();

}  // namespace tenbin::examples
