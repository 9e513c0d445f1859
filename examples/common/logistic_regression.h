// Logistic regression of two classes, trained on the whole set to the optimum: a deterministic baseline.
#pragma once

#include "tenbin/datasets/dataset.h"
#include "tenbin/datasets/sparse_dataset.h"
#include "tenbin/links/linear.h"

namespace tenbin::examples {

struct LogisticRegressionOptions {
  double C = 1;  ///< inverse strength of the penalty
  Array class_weight = {};
  double tolerance = 1e-6;  ///< stop when no element of the gradient is larger
  std::size_t max_steps = 10000;
};

/// The linear layer W (2, D), b (2) that minimises
///
///     1 / N sum_i w[t_i] loss_i + |W|^2 / (C N),
///
/// with no penalty on b, on the device of the data. At the optimum the two rows of W are opposite, and their
/// difference is the coefficients of scikit-learn's `LogisticRegression(C)`, whose penalty |w|^2 / (2 C N) is
/// then equal to this one.
///
/// Gradient descent with momentum, from 0 (Polyak, "Some methods of speeding up the convergence of iteration
/// methods", 1964): rate and momentum follow from the largest curvature and that of the penalty.
/// Deterministic. Errors: the gradient is still above `tolerance` after `max_steps`.
///
///     const Linear model = logistic_regression(train, {.C = 0.01});
///     const Array p = softmax(model(test.x)).data();
Linear logistic_regression(const Dataset& train, const LogisticRegressionOptions& options = {});
Linear logistic_regression(const SparseDataset& train, const LogisticRegressionOptions& options = {});

}  // namespace tenbin::examples
