// Calibration by a sigmoid: two numbers, fitted on few samples.
#pragma once

#include <optional>

#include "tenbin/core/array.h"

namespace tenbin {

/// Platt scaling: probabilities p = 1 / (1 + exp(a s + b)) of class 1 from scores s, with the a and b that
/// minimise the cross entropy against Platt's smoothed targets, (N1 + 1) / (N1 + 2) for class 1 and
/// 1 / (N0 + 2) for class 0, so that a and b stay finite for separable scores (Platt 1999; Lin, Lin and Weng,
/// "A note on Platt's probabilistic outputs for support vector machines", Machine Learning 68, 2007, whose
/// Newton method with backtracking this is). (scikit-learn: `CalibratedClassifierCV(method="sigmoid")`.)
///
/// Give it logits or margins rather than probabilities: a sigmoid of those is what it can straighten.
///
///     PlattScaling scaling;
///     scaling.fit(logits, valid.t);             // not data that the model was trained on
///     Array p = scaling.transform(test_logits);
class PlattScaling {
 public:
  /// scores: float32 or float64 (N), or probabilities (N, 2); t: integer (N), 0 or 1; sample_weight: float
  /// (N) or none; N0 and N1 are sums of weights. Scores that are all equal give a = 0. Errors: shapes and
  /// dtypes that do not fit; a score that is not finite; a label that is neither 0 nor 1; a class without
  /// samples.
  PlattScaling& fit(const Array& scores, const Array& t, const Array& sample_weight = {});

  /// Probabilities of class 1, of the shape and dtype of the scores; for (N, 2) column 0 is the complement.
  /// Errors: before fit; scores that do not fit.
  Array transform(const Array& scores) const;

  /// The slope, negative where higher scores mean class 1, and the offset. Errors: before fit.
  double a() const;
  double b() const;

 private:
  struct Line {
    double a, b;
  };
  const Line& line() const;

  std::optional<Line> line_;
};

}  // namespace tenbin
