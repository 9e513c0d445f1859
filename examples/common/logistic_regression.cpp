#include "tenbin/examples/common/logistic_regression.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/config.h"
#include "tenbin/functions/connection/sparse_linear.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/matmul.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/optimizers/momentum_sgd.h"

namespace tenbin::examples {

namespace {

// X^T X v
Variable gram_product(const Array& x, const Variable& v) {
  const NoBackprop off;
  return matmul(Variable(x), matmul(Variable(x), v), true);
}

// The same as a gradient: of |X v|^2 / 2.
Variable gram_product(const CsrMatrix& x, const Variable& v) {
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

double largest_magnitude(const Link& model) {
  double largest = 0;
  for (const Parameter& parameter : model.params())
    for (const float g : parameter.grad().to_vector<float>())
      largest = std::max(largest, std::abs(static_cast<double>(g)));
  return largest;
}

template <class Data>
Linear fit(const Data& train, const LogisticRegressionOptions& options) {
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
    if (largest_magnitude(model) < options.tolerance) return model;
    optimizer.update();
  }
  throw Error("logistic_regression: the gradient is ", largest_magnitude(model), " after ", options.max_steps,
              " steps, expected less than ", options.tolerance);
}

}  // namespace

Linear logistic_regression(const Dataset& train, const LogisticRegressionOptions& options) {
  return fit(train, options);
}

Linear logistic_regression(const SparseDataset& train, const LogisticRegressionOptions& options) {
  return fit(train, options);
}

}  // namespace tenbin::examples
