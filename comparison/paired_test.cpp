#include "tenbin/comparison/paired_test.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

#include "tenbin/datasets/statistics.h"

namespace tenbin {

namespace {

// The continued fraction of the incomplete beta function (Abramowitz and Stegun, 26.5.8), by Lentz's method.
double beta_continued_fraction(double x, double a, double b) {
  constexpr int most_terms = 1000;
  constexpr double tiny = 1e-300;
  const auto not_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < most_terms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (const double coefficient : {even, odd}) {
      d = 1 / not_zero(1 + coefficient * d);
      c = not_zero(1 + coefficient / c);
      fraction *= c * d;
    }
    if (std::abs(c * d - 1) < std::numeric_limits<double>::epsilon()) break;
  }
  return fraction;
}

// I_x(a, b), the regularised incomplete beta function.
double incomplete_beta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side; the other side follows by symmetry.
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(1 - x, b, a);
  const double log_front =
      std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
  return std::exp(log_front) * beta_continued_fraction(x, a, b) / a;
}

}  // namespace

double student_t_p_value(double t, double degrees_of_freedom) {
  const double sum = degrees_of_freedom + t * t;
  // Uses the smaller of the two fractions: with the other one, a small t would be lost by rounding.
  if (t * t < degrees_of_freedom) return 1 - incomplete_beta(t * t / sum, 0.5, degrees_of_freedom / 2);
  return incomplete_beta(degrees_of_freedom / sum, degrees_of_freedom / 2, 0.5);
}

double corrected_resampled_t_test(const std::vector<double>& differences, double test_train_ratio) {
  if (differences.size() < 2) return 1;
  const auto count = static_cast<double>(differences.size());
  const double average = detail::mean(differences);
  const double deviation = detail::standard_deviation(differences, 1);
  if (deviation == 0) return average == 0 ? 1 : 0;
  const double t = average / (std::sqrt(1 / count + test_train_ratio) * deviation);
  return student_t_p_value(t, count - 1);
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double p = static_cast<double>(order.size() - rank) * p_values[order[rank]];
    largest = std::max(largest, std::min(p, 1.0));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

}  // namespace tenbin
