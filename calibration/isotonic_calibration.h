// Isotonic calibration: non-parametric, by the best increasing step function.
#pragma once

#include <vector>

#include "tenbin/calibration/binary_fit_options.h"

namespace tenbin {

/// The non-decreasing vector closest to y, min sum_i w_i (f_i - y_i)^2 over f_1 <= f_2 <= ...: pool adjacent
/// violators, in O(N). (scikit-learn: `isotonic_regression`.)
///
/// y: float32 or float64 (N), finite; sample_weight: float (N), above 0, or empty. The result: float64 (N).
/// Errors: other shapes, dtypes or values.
Array isotonic_regression(const Array& y, const Array& sample_weight = {});

/// Isotonic calibration (Zadrozny and Elkan, KDD 2002): the probability of the positive class as the isotonic
/// regression of the labels on the scores, with linear interpolation, constant beyond the ends.
/// (scikit-learn: `IsotonicRegression` with `out_of_bounds="clip"`.)
///
/// Its only assumption is that higher scores mean the positive class. It overfits below about a thousand
/// validation samples: prefer PlattScaling there. Scores on one step get equal probabilities.
///
///     IsotonicCalibration calibration;
///     calibration.fit(scores, valid.t);
///     Array p = calibration.transform(model_scores);
class IsotonicCalibration {
 public:
  /// scores: float32 or float64 (N) or (N, 1), or probabilities (N, 2); t: integer (N), two labels (see
  /// BinaryFitOptions). Equal scores are merged, with their mean label. Errors: shapes and dtypes that do not
  /// fit; a score that is not finite; labels that do not fit; a class without samples.
  ///
  ///     calibration.fit(scores, t, {.pos_label = 0});
  IsotonicCalibration& fit(const Array& scores, const Array& t, const BinaryFitOptions& options = {});

  /// Probabilities of the positive class, of the shape and dtype of the scores; for (N, 2) the other column
  /// is the complement. Errors: fit has not been called; scores that do not fit.
  Array transform(const Array& scores) const;

  /// The points of the piecewise linear function: scores, ascending, and probabilities. Empty before fit.
  const std::vector<double>& x_thresholds() const { return x_; }
  const std::vector<double>& y_thresholds() const { return y_; }

 private:
  double operator()(double score) const;

  std::vector<double> x_;
  std::vector<double> y_;
  std::size_t column_ = 1;  // of the positive class in probabilities (N, 2)
};

}  // namespace tenbin
