// Logistic regression of two classes, trained on the whole set to the optimum: for coil.cpp, with dense rows,
// and reuters.cpp, with sparse ones. The results can be compared with scikit-learn's to the last printed
// digit, since they depend neither on a seed nor on a schedule; the method "logistic regression" of a
// comparison stops early.
#pragma once

#include <algorithm>
#include <cmath>

#include "tenbin/core/config.h"
#include "tenbin/datasets/dataset.h"
#include "tenbin/datasets/sparse_dataset.h"
#include "tenbin/functions/connection/sparse_linear.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/matmul.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/links/linear.h"
#include "tenbin/optimizers/momentum_sgd.h"

namespace tenbin::examples {

struct LogisticRegressionOptions {
  double C = 1;  ///< inverse strength of the penalty
  Array class_weight = {};
  double tolerance = 1e-6;  ///< stop when no element of the gradient is larger
  std::size_t max_steps = 10000;
};

// X^T X v
inline Variable gram_product(const Array& x, const Variable& v) {
  const NoBackprop off;
  return matmul(Variable(x), matmul(Variable(x), v), true);
}

// The same as a gradient: of |X v|^2 / 2.
inline Variable gram_product(const CsrMatrix& x, const Variable& v) {
  const Variable W(v.data().reshape({1, v.size()}));
  const Variable y = linear(x, W);
  Variable half_square = sum(y * y) / 2;
  half_square.backward();
  return Variable(W.grad().reshape(v.shape()), false);
}

// The largest eigenvalue of X^T X / N, by power iteration.
template <class Samples>
double largest_eigenvalue(const Samples& x) {
  const auto n = static_cast<double>(x.shape()[0]);
  Variable v(Array::ones({x.shape()[1]}, Dtype::float32, x.device()), false);
  double eigenvalue = 0;
  for (int i = 0; i < 20; ++i) {
    v = gram_product(x, v) / n;
    eigenvalue = std::sqrt(sum(v * v).item());
    v = v / eigenvalue;
  }
  return eigenvalue;
}

inline double largest_gradient(const Link& model) {
  double largest = 0;
  for (const Parameter& parameter : model.params())
    for (const float g : parameter.grad().to_vector<float>())
      largest = std::max(largest, std::abs(static_cast<double>(g)));
  return largest;
}

/// The linear layer W (2, D), b (2) that minimises
///
///     1 / N sum_i w[t_i] loss_i + |W|^2 / (C N),
///
/// with no penalty on b, on the device of the data: a Dataset or a SparseDataset. At the optimum the two rows
/// of W are opposite, and their difference is the coefficients of scikit-learn's `LogisticRegression(C)`,
/// whose penalty |w|^2 / (2 C N) is then equal to this one.
///
/// Gradient descent with momentum, from 0 (Polyak, "Some methods of speeding up the convergence of iteration
/// methods", 1964): rate and momentum follow from the largest curvature and that of the penalty.
/// Deterministic. Errors: the gradient is still above `tolerance` after `max_steps`.
///
///     const Linear model = logistic_regression(train, {.C = 0.01});
///     const Array p = softmax(model(test.x)).data();
template <class Data>
Linear logistic_regression(const Data& train, const LogisticRegressionOptions& options = {}) {
  Linear model(train.x.shape()[1], 2, {.initialW = Zero()});
  model.to(train.x.device());
  const double penalty = 1 / (options.C * static_cast<double>(train.size()));
  // The curvature is p (1 - p) <= 1/4, times 2 for the two rows; 1 is added for the bias. That leaves a
  // factor of 2 for class weights.
  const double curvature = largest_eigenvalue(train.x) + 1;
  const double slowest = 1 - std::sqrt(std::min(1.0, 2 * penalty / curvature));
  MomentumSGD optimizer({.lr = 1 / curvature, .momentum = slowest * slowest});
  optimizer.setup(model);
  for (std::size_t step = 0; step < options.max_steps; ++step) {
    Variable loss = softmax_cross_entropy(model(train.x), train.t, {.class_weight = options.class_weight}) +
                    penalty * sum(model.W * model.W);
    model.cleargrads();
    loss.backward();
    if (largest_gradient(model) < options.tolerance) return model;
    optimizer.update();
  }
  throw Error("logistic_regression: the gradient is ", largest_gradient(model), " after ", options.max_steps,
              " steps, expected less than ", options.tolerance);
}

}  // namespace tenbin::examples
