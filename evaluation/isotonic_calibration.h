// Calibration without a formula: the rising step function that fits best.
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// The vector that never falls and is closest to y, min sum_i w_i (f_i - y_i)^2 over f_1 <= f_2 <= ...: pool
/// adjacent violators, in O(N). (scikit-learn: `isotonic_regression`.)
///
/// y: float32 or float64 (N), finite; sample_weight: float (N), above 0, or none. The result: float64 (N).
/// Errors: anything else.
Array isotonic_regression(const Array& y, const Array& sample_weight = {});

/// Isotonic calibration (Zadrozny and Elkan, KDD 2002): the probability of class 1 as the isotonic regression
/// of the labels on the scores, linear in between and constant outside. (scikit-learn: `IsotonicRegression`
/// with `out_of_bounds="clip"`.)
///
/// It assumes nothing but that higher scores mean class 1, and overfits below about a thousand validation
/// samples: prefer PlattScaling there. Scores on a step become equal.
///
///     IsotonicCalibration calibration;
///     calibration.fit(scores, valid.t);
///     Array p = calibration.transform(model_scores);
class IsotonicCalibration {
 public:
  /// scores: float32 or float64 (N), or probabilities (N, 2); t: integer (N), 0 or 1; sample_weight: float
  /// (N) or none. Equal scores count as one, with their mean label. Errors: shapes and dtypes that do not
  /// fit; a score that is not finite; a label that is neither 0 nor 1; a class without samples.
  IsotonicCalibration& fit(const Array& scores, const Array& t, const Array& sample_weight = {});

  /// Probabilities of class 1, of the shape and dtype of the scores; for (N, 2) column 0 is the complement.
  /// Errors: before fit; scores that do not fit.
  Array transform(const Array& scores) const;

  /// Where the function bends: scores, ascending, and probabilities. Empty before fit.
  const std::vector<double>& x_thresholds() const { return x_; }
  const std::vector<double>& y_thresholds() const { return y_; }

 private:
  double operator()(double score) const;

  std::vector<double> x_;
  std::vector<double> y_;
};

}  // namespace tenbin
