#include "tenbin/evaluation/agreement.h"

#include <cmath>

namespace tenbin {

namespace {

// s^2 - sum_k n_k^2, as a sum of what is there: exactly 0 if there is but one class.
double pairs_of_different_classes(const std::vector<double>& n) {
  double sum = 0;
  for (std::size_t i = 0; i < n.size(); ++i)
    for (std::size_t j = 0; j < n.size(); ++j)
      if (i != j) sum += n[i] * n[j];
  return sum;
}

double cost(KappaWeights weights, std::size_t i, std::size_t j) {
  const double distance = i < j ? static_cast<double>(j - i) : static_cast<double>(i - j);
  switch (weights) {
    case KappaWeights::linear:
      return distance;
    case KappaWeights::quadratic:
      return distance * distance;
    case KappaWeights::none:
      break;
  }
  return i == j ? 0 : 1;
}

}  // namespace

double matthews_corrcoef(const ConfusionMatrix& matrix) {
  const std::vector<double> truth = matrix.support();
  const std::vector<double> guess = matrix.predicted();
  const double total = matrix.total();
  double covariance = 0;
  for (std::size_t k = 0; k < matrix.n_class(); ++k) covariance += matrix(k, k) * total - truth[k] * guess[k];
  const double variances = pairs_of_different_classes(truth) * pairs_of_different_classes(guess);
  return variances == 0 ? 0 : covariance / std::sqrt(variances);
}

double cohen_kappa_score(const ConfusionMatrix& matrix, const CohenKappaOptions& options) {
  const std::vector<double> truth = matrix.support();
  const std::vector<double> guess = matrix.predicted();
  double observed = 0;
  double expected = 0;  // times the number of rows
  for (std::size_t i = 0; i < matrix.n_class(); ++i)
    for (std::size_t j = 0; j < matrix.n_class(); ++j) {
      observed += cost(options.weights, i, j) * matrix(i, j);
      expected += cost(options.weights, i, j) * truth[i] * guess[j];
    }
  return expected == 0 ? options.replace_undefined_by : 1 - observed * matrix.total() / expected;
}

}  // namespace tenbin
