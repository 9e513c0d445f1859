// Tests of differences between methods that were measured on the same folds.
#pragma once

#include <vector>

namespace tenbin {

/// Two-sided p-value of Student's t with `degrees_of_freedom`.
double student_t_p_value(double t, double degrees_of_freedom);

/// The p-value of the null hypothesis "the mean difference is 0", from the differences of two methods on J
/// resampled splits. (Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52,
/// 2003.)
///
///     t = mean / sqrt((1/J + n_test/n_train) variance),    J - 1 degrees of freedom
///
/// Training sets overlap, so the ordinary t-test, which has 1/J alone, reports differences that do not exist.
/// 1 for fewer than two splits. If all differences are equal: 1 if they are 0, otherwise 0.
///
///     corrected_resampled_t_test(differences, 1.0 / 4);    // of five folds
double corrected_resampled_t_test(const std::vector<double>& differences, double test_train_ratio);

/// p-values adjusted for several hypotheses, by Holm's method ("A simple sequentially rejective multiple test
/// procedure", Scandinavian Journal of Statistics 6, 1979): rejecting all hypotheses with adjusted values
/// below 0.05 makes any false rejection in at most 5% of all experiments. In the order of the argument.
std::vector<double> holm(const std::vector<double>& p_values);

}  // namespace tenbin
