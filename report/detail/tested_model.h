// What a report reads of a trained model and its test. Internal.
#pragma once

#include <string>

#include "tenbin/bundle/predictor.h"
#include "tenbin/core/error.h"

namespace tenbin::detail {

// The class that the threshold of a model of two classes is about.
inline std::size_t positive_class(const Bundle& bundle) {
  if (bundle.decision.kind() != std::string("threshold")) return 1;
  return static_cast<std::size_t>(bundle.decision.threshold().pos_class);
}

// Errors: the test rows have no labels; there are none.
inline void require_test(const char* function, const Predictions& test) {
  if (test.size() == 0) throw Error(function, ": expected test rows, got none");
  if (!test.t) throw Error(function, ": expected test rows with labels, got ", test.size(), " without");
}

// The probabilities of a class, float32 (N).
inline Array probabilities_of(const Predictions& test, std::size_t label) {
  const std::size_t n_class = test.classes.size();
  Array values = Array::zeros({test.size()});
  for (std::size_t i = 0; i < test.size(); ++i)
    values.data<float>()[i] = test.probabilities.data<float>()[i * n_class + label];
  return values;
}

}  // namespace tenbin::detail
