// Logistic regression of two classes, trained on the whole set to the optimum: a baseline without noise.
#pragma once

#include "tenbin/datasets/dataset.h"
#include "tenbin/links/linear.h"

namespace tenbin::examples {

struct LogisticRegressionOptions {
  double C = 1;  ///< the smaller, the stronger the penalty
  Array class_weight = {};
  double tolerance = 1e-6;  ///< stop when no element of the gradient is larger
  std::size_t max_steps = 10000;
};

/// The linear layer W (2, D), b (2) that minimises
///
///     1 / N sum_i w[t_i] loss_i + |W|^2 / (C N),
///
/// b going free, on the device of the data. The two rows of W come to be opposite, so that their difference
/// is the coefficients of scikit-learn's `LogisticRegression(C)`, whose penalty |w|^2 / (2 C N) is the same
/// number.
///
/// Gradient descent with momentum from 0 on (Polyak, "Some methods of speeding up the convergence of
/// iteration methods", 1964): rate and momentum follow from the largest curvature and the penalty's. Nothing
/// is random. Errors: the gradient is still above `tolerance` after `max_steps`.
///
///     const Linear model = logistic_regression(train, {.C = 0.01});
///     const Array p = softmax(model(test.x)).data();
Linear logistic_regression(const Dataset& train, const LogisticRegressionOptions& options = {});

}  // namespace tenbin::examples
