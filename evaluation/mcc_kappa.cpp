#include "tenbin/evaluation/mcc_kappa.h"

#include <cmath>

#include "tenbin/evaluation/detail/scaling.h"

namespace tenbin {

namespace {

// s^2 - sum_k n_k^2, as a sum of positive terms: exactly 0 if there is only one class.
double pairs_of_different_classes(const std::vector<double>& n) {
  double sum = 0;
  for (std::size_t i = 0; i < n.size(); ++i)
    for (std::size_t j = 0; j < n.size(); ++j)
      if (i != j) sum += n[i] * n[j];
  return sum;
}

// The counts of a matrix, scaled so that four sums of them can be multiplied.
struct Scaled {
  explicit Scaled(const ConfusionMatrix& matrix)
      : matrix(matrix),
        scale(detail::power_of_two_scale(matrix.total(), detail::most_factor_exponent)),
        truth(times_scale(matrix.support())),
        guess(times_scale(matrix.predicted())),
        total(scale * matrix.total()) {}

  double operator()(std::size_t i, std::size_t j) const { return scale * matrix(i, j); }

  const ConfusionMatrix& matrix;
  double scale;
  std::vector<double> truth;
  std::vector<double> guess;
  double total;

 private:
  std::vector<double> times_scale(std::vector<double> sums) const {
    for (double& sum : sums) sum *= scale;
    return sums;
  }
};

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
  const Scaled n(matrix);
  double covariance = 0;
  for (std::size_t k = 0; k < matrix.n_class(); ++k)
    covariance += n(k, k) * n.total - n.truth[k] * n.guess[k];
  const double variances = pairs_of_different_classes(n.truth) * pairs_of_different_classes(n.guess);
  return variances == 0 ? 0 : covariance / std::sqrt(variances);
}

double cohen_kappa_score(const ConfusionMatrix& matrix, const CohenKappaOptions& options) {
  const Scaled n(matrix);
  double observed = 0;
  double expected = 0;  // times the number of rows
  for (std::size_t i = 0; i < matrix.n_class(); ++i)
    for (std::size_t j = 0; j < matrix.n_class(); ++j) {
      observed += cost(options.weights, i, j) * n(i, j);
      expected += cost(options.weights, i, j) * n.truth[i] * n.guess[j];
    }
  return expected == 0 ? options.replace_undefined_by : 1 - observed * n.total / expected;
}

}  // namespace tenbin
