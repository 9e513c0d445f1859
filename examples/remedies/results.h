// What the lab found out: every metric of every remedy on every split, and what follows from them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tenbin/examples/remedies/remedies.h"

namespace tenbin::examples {

/// One way to judge a prediction, given the labels and the number of the rarest class.
struct Metric {
  std::string name;
  std::string key;  ///< in JSON and CSV
  bool higher_is_better;
  std::function<double(const Array& t, const Prediction& prediction, std::size_t rarest)> value;
};

/// Balanced accuracy, macro F1, G-mean, MCC, ROC-AUC, average precision, Brier score, ECE. With two classes
/// AUC and average precision are those of the rarer one; with more, means over classes against the rest.
const std::vector<Metric>& metrics();

/// Of the rows of the rarest class in a test part, how many were found.
struct Found {
  std::size_t found = 0;
  std::size_t present = 0;
};

/// How a remedy differs from the baseline in one metric.
struct Difference {
  double mean = 0;
  double p_value = 1;  ///< corrected resampled t-test, then Holm over the remedies
  bool better = false;
};

struct Results {
  /// [remedy][metric][split]
  std::vector<std::vector<std::vector<double>>> values;
  /// [remedy][split]
  std::vector<std::vector<Found>> rarest;
  std::size_t n_folds = 0;  ///< splits of one repetition
  double test_train_ratio = 0;

  Results(std::size_t n_splits, std::size_t folds);
  /// Enters what was predicted for one split. Different splits may be entered at the same time.
  void enter(std::size_t split, const Array& t, const std::vector<Prediction>& predictions,
             std::size_t rarest_class);

  /// The rarest class in the first repetition, in which every row was tested once.
  Found found_in_first_repetition(std::size_t remedy) const;
  /// [remedy][metric]
  std::vector<std::vector<Difference>> differences() const;
};

/// The number of the baseline among the remedies.
std::size_t baseline_remedy();

}  // namespace tenbin::examples
