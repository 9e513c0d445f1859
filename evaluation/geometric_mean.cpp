#include "tenbin/evaluation/geometric_mean.h"

#include <cmath>

namespace tenbin {

double geometric_mean_score(const ConfusionMatrix& matrix, ClassAverage average) {
  const auto mean = [&](const std::vector<double>& values) {
    return average == ClassAverage::macro ? matrix.macro_average(values) : matrix.weighted_average(values);
  };
  return std::sqrt(mean(matrix.recall()) * mean(matrix.specificity()));
}

std::vector<double> geometric_mean_per_class(const ConfusionMatrix& matrix) {
  const std::vector<double> specificity = matrix.specificity();
  std::vector<double> values = matrix.recall();
  for (std::size_t c = 0; c < values.size(); ++c) values[c] = std::sqrt(values[c] * specificity[c]);
  return values;
}

std::vector<double> index_balanced_accuracy(const ConfusionMatrix& matrix,
                                            const IndexBalancedAccuracyOptions& options) {
  const std::vector<double> recall = matrix.recall();
  const std::vector<double> specificity = matrix.specificity();
  std::vector<double> values;
  for (std::size_t c = 0; c < recall.size(); ++c) {
    const double squared_mean = recall[c] * specificity[c];
    const double dominance = recall[c] - specificity[c];
    values.push_back((1 + options.alpha * dominance) *
                     (options.squared ? squared_mean : std::sqrt(squared_mean)));
  }
  return values;
}

}  // namespace tenbin
