// What to do after a comparison or a test, in two sentences that follow from the numbers.
#pragma once

#include <string>

#include "tenbin/bundle/predictor.h"
#include "tenbin/comparison/result.h"

namespace tenbin {

/// A sentence each. They depend on the numbers alone.
struct NextSteps {
  std::string finding;  ///< what the numbers say
  std::string advice;   ///< what to do
  /// Of a comparison, the method that the advice is to train; empty: none, or one of two.
  std::string method = {};
};

/// Of a comparison, the first that is the case:
///
/// 1. The leak check failed: the numbers must not be used.
/// 2. A single split without bootstrap intervals: it tests nothing, so the comparison is to be repeated.
/// 3. No method ranks the rows better than the class frequencies do: other columns are needed.
/// 4. A method is significantly better than the baseline in average precision: it is used.
/// 5. A method is significantly better in balanced accuracy only: the threshold matters, not the training, so
/// a
///    tuned threshold is used, if it is in the comparison and not significantly worse.
/// 6. Nothing is better than the baseline: it is used.
///
/// "Significantly": by the corrected resampled t-test over the folds with Holm's correction, at
/// `significance_level`; in average precision of a single fold, by the bootstrap interval of the difference.
/// If "logistic regression" is not significantly worse than what is used, it is used instead, as the simpler
/// model.
///
///     const NextSteps next = next_steps(compare(table));
///     std::cout << next.finding << '\n' << next.advice << '\n';
NextSteps next_steps(const ComparisonResult& result);

/// Of a model on test rows with labels: what it finds, with the interval, and what to do about it - when it
/// finds nothing, when the ranking is not better than chance, when its probabilities are not those of the
/// data, when the test rows are too few. Errors: the test rows have no labels; there are none.
NextSteps next_steps(const Bundle& bundle, const Predictions& test);

}  // namespace tenbin
