// Shared by the tests of sum, mean, max, min and logsumexp: every choice of axes against plain loops.
#pragma once

#include "tenbin/functions/math/reduction.h"
#include "tenbin/tests/function_test.h"

namespace tenbin::testing {

/// The elements of x, (2, 3, 4), that are reduced to each result if the axes marked `reduced` are removed.
inline std::vector<std::vector<double>> groups(const std::vector<double>& x, bool r0, bool r1, bool r2) {
  const std::size_t n0 = r0 ? 1 : 2;
  const std::size_t n1 = r1 ? 1 : 3;
  const std::size_t n2 = r2 ? 1 : 4;
  std::vector<std::vector<double>> result(n0 * n1 * n2);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t k = 0; k < 4; ++k) {
        const std::size_t group = ((r0 ? 0 : i) * n1 + (r1 ? 0 : j)) * n2 + (r2 ? 0 : k);
        result[group].push_back(x[(i * 3 + j) * 4 + k]);
      }
  return result;
}

/// Tests a reduction over every choice of axes of an array (2, 3, 4), with and without keepdims.
inline void check_reduction(const Array& x, Variable (*function)(const Variable&, const ReductionOptions&),
                            double (*formula)(const std::vector<double>&), bool skip_empty_batch = false) {
  struct Choice {
    Axes axis;
    bool r0, r1, r2;
    Shape result, kept;
  };
  const Choice choices[] = {
      {{}, true, true, true, {}, {1, 1, 1}},       {0, true, false, false, {3, 4}, {1, 3, 4}},
      {-2, false, true, false, {2, 4}, {2, 1, 4}}, {2, false, false, true, {2, 3}, {2, 3, 1}},
      {{1, 0}, true, true, false, {4}, {1, 1, 4}}, {{0, -1}, true, false, true, {3}, {1, 3, 1}},
      {{1, 2}, false, true, true, {2}, {2, 1, 1}}, {{0, 1, 2}, true, true, true, {}, {1, 1, 1}},
  };
  for (const Choice& c : choices) {
    for (const bool keepdims : {false, true}) {
      const ReductionOptions options{c.axis, keepdims};
      CAPTURE(c.kept, keepdims);
      CHECK(function(x, options).shape() == (keepdims ? c.kept : c.result));
      check_function({
          .inputs = {x},
          .forward = [&](const Variables& xs) { return function(xs[0], options); },
          .expected =
              [&](const Arrays& xs) {
                std::vector<double> y;
                for (const auto& group : groups(values(xs[0]), c.r0, c.r1, c.r2)) y.push_back(formula(group));
                return y;
              },
          .skip_empty_batch = skip_empty_batch,
      });
    }
  }
}

}  // namespace tenbin::testing
