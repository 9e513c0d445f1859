// Describes a function of one number in one line.
#pragma once

#include <vector>

#include "tenbin/tests/function_test.h"

namespace tenbin::testing {

// `function` against the C library, forward and backward.
inline void check_unary(Variable (*function)(const Variable&), double (*exact)(double), const Array& x) {
  check_function({
      .inputs = {x},
      .forward = [=](const Variables& xs) { return function(xs[0]); },
      .expected =
          [=](const Arrays& xs) {
            auto y = values(xs[0]);
            for (double& v : y) v = exact(v);
            return y;
          },
  });
}

// y and gx, for gy = 1, at given x of either dtype, on every device.
inline void check_values(Variable (*function)(const Variable&), const Array& at, const std::vector<double>& y,
                         const std::vector<double>& gx, double rtol = 0) {
  on_every_device([&](Device device) {
    Variable x(at.to(device));
    Variable result = function(x);
    check_close(values(result.data()), y, 0, rtol);
    result.set_grad(Array::ones(at.shape(), at.dtype(), device));
    result.backward();
    check_close(values(x.grad()), gx, 0, rtol);
  });
}

}  // namespace tenbin::testing
