// Means and standard deviations.
#pragma once

#include <vector>

namespace tenbin::examples {

double mean(const std::vector<double>& values);
/// The sample standard deviation, with N - 1; 0 for fewer than two values.
double standard_deviation(const std::vector<double>& values);

}  // namespace tenbin::examples
