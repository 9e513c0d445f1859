// Means, spreads, and which differences between methods are more than the luck of the splits.
#pragma once

#include <vector>

namespace tenbin::examples {

double mean(const std::vector<double>& values);
/// The standard deviation of a sample, with N - 1; 0 for fewer than two values.
double standard_deviation(const std::vector<double>& values);

/// Two-sided p-value of Student's t with so many degrees of freedom.
double student_t_p_value(double t, double degrees_of_freedom);

/// The p-value of "on average there is no difference", from the differences of two methods on J resampled
/// splits. (Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52, 2003.)
///
///     t = mean / sqrt((1/J + n_test/n_train) variance),    J - 1 degrees of freedom
///
/// Training sets overlap, so the ordinary t-test, which has 1/J alone, finds differences where there are
/// none. 1 for fewer than two splits. Differences that are all the same give 1 if they are 0, and 0 if not.
double corrected_resampled_t_test(const std::vector<double>& differences, double test_train_ratio);

/// p-values for several hypotheses at once, after Holm ("A simple sequentially rejective multiple test
/// procedure", Scandinavian Journal of Statistics 6, 1979): what is below 0.05 now is wrong, for any of them,
/// in at most 5% of all experiments. In the order of the argument.
std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace tenbin::examples
