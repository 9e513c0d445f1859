// Platt scaling: calibration by a sigmoid with two parameters, for small validation sets.
#pragma once

#include <optional>

#include "tenbin/calibration/binary_fit_options.h"

namespace tenbin {

/// Platt scaling: probabilities p = 1 / (1 + exp(a s + b)) of the positive class from scores s, with the a
/// and b that minimise the cross entropy against Platt's smoothed targets, (N1 + 1) / (N1 + 2) for the
/// positive class and 1 / (N0 + 2) for the other, so that a and b stay finite for separable scores (Platt
/// 1999; Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines", Machine
/// Learning 68, 2007, whose Newton method with backtracking this is). (scikit-learn:
/// `CalibratedClassifierCV(method="sigmoid")`.)
///
/// Pass logits or margins rather than probabilities: a sigmoid fits those.
///
///     PlattScaling scaling;
///     scaling.fit(logits, valid.t);             // not data that the model was trained on
///     Array p = scaling.transform(test_logits);
class PlattScaling {
 public:
  /// scores: float32 or float64 (N) or (N, 1), or probabilities (N, 2); t: integer (N), two labels (see
  /// BinaryFitOptions). N0 and N1 are sums of weights, which may differ by a factor of 1e9: beyond
  /// it, rounding can end the search before the minimum. Scores that are all equal give a = 0. Errors: shapes
  /// and dtypes that do not fit; a score that is not finite; labels that do not fit; a class without samples.
  ///
  ///     scaling.fit(logits, t, {.pos_label = 0});
  PlattScaling& fit(const Array& scores, const Array& t, const BinaryFitOptions& options = {});

  /// Probabilities of the positive class, of the shape and dtype of the scores; for (N, 2) the other column
  /// is the complement. Errors: fit has not been called; scores that do not fit.
  Array transform(const Array& scores) const;

  /// The slope, negative where higher scores mean the positive class, and the offset. Errors: fit has not
  /// been called.
  double a() const;
  double b() const;

 private:
  struct Line {
    double a, b;
    std::size_t column;  // of the positive class in probabilities (N, 2)
  };
  const Line& line() const;

  std::optional<Line> line_;
};

}  // namespace tenbin
