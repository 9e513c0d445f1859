// The mean and the standard deviation of a list of numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace tenbin::detail {

// Precondition: at least one value.
inline double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
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
