// The mean and the standard deviation of a list of numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace tenbin::detail {

// Finite if all values are, even if their sum is not. Precondition: at least one value.
inline double mean(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  if (std::isfinite(sum)) return sum / count;
  return std::accumulate(values.begin(), values.end(), 0.0,
                         [count](double part, double value) { return part + value / count; });
}

// sqrt(sum_i (x_i - mean)^2 / (N - ddof)): ddof 0 for a population, 1 for a sample (NumPy: `std`).
// Precondition: more than ddof values.
inline double standard_deviation(const std::vector<double>& values, std::size_t ddof) {
  const double center = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return std::sqrt(squares / static_cast<double>(values.size() - ddof));
}

}  // namespace tenbin::detail
