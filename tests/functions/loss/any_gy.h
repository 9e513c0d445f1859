// The gradient of a loss that its forward has computed for gy = 1: what tests of several losses check.
#pragma once

#include <cstddef>
#include <vector>

#include "tenbin/tests/function_test.h"

namespace tenbin::testing {

/// The gradient of `scores`, float64, where that of `loss` is `gy` everywhere.
inline std::vector<double> gradient_for(double gy, Variable& loss, Variable& scores) {
  scores.cleargrad();
  loss.set_grad(Array::full(loss.shape(), gy, Dtype::float64, scores.device()));
  loss.backward();
  return values(scores.grad());
}

/// Checks the gradients for gy 1, twice, 2 and 0. Returns the first one.
inline std::vector<double> check_any_gy(Variable& loss, Variable& scores) {
  const std::vector<double> first = gradient_for(1, loss, scores);
  CHECK(gradient_for(1, loss, scores) == first);
  std::vector<double> doubled = first;
  for (double& g : doubled) g *= 2;
  CHECK(gradient_for(2, loss, scores) == doubled);
  CHECK(gradient_for(0, loss, scores) == std::vector<double>(first.size(), 0.0));
  return first;
}

}  // namespace tenbin::testing
