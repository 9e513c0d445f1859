// Platt scaling: calibration by a sigmoid with two parameters, for small validation sets.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tenbin/calibration/binary_fit_options.h"

namespace tenbin {

class StateReader;

/// Platt scaling: probabilities p = 1 / (1 + exp(a s + b)) of the positive class from scores s, with the a
/// and b that minimise the cross entropy against Platt's smoothed targets, (N1 + 1) / (N1 + 2) for the
/// positive class and 1 / (N0 + 2) for the other, so that a and b stay finite for separable scores (Platt
/// 1999; Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines", Machine
/// Learning 68, 2007, whose Newton method with backtracking this is). (scikit-learn:
/// `CalibratedClassifierCV(method="sigmoid")`.)
///
/// Pass logits or margins rather than probabilities: a sigmoid fits those. More than two classes have a
/// sigmoid each, of their column of the logits, fitted to that class against the rest; the probabilities of a
/// row are divided by their sum (scikit-learn does the same).
///
///     PlattScaling scaling;
///     scaling.fit(logits, valid.t);             // not data that the model was trained on
///     Array p = scaling.transform(test_logits);
///     save_npz("platt.npz", scaling);
class PlattScaling {
 public:
  /// The sigmoid of one class: p = 1 / (1 + exp(a s + b)).
  struct Line {
    double a, b;
  };

  /// Loads what `save_npz` wrote. Errors: those of NpzReader; numbers that no fit gives.
  static PlattScaling load(const std::string& path);

  /// scores: float32 or float64 (N) or (N, 1), or probabilities (N, 2); t: integer (N), two labels (see
  /// BinaryFitOptions). For C > 2 classes: scores (N, C), t in [0, C), and no `pos_label`. N0 and N1 are sums
  /// of weights, which may differ by a factor of 1e9: beyond it, rounding can end the search before the
  /// minimum. Scores that are all equal give a = 0. Errors: shapes and dtypes that do not fit; a score that
  /// is not finite; labels that do not fit; a class without samples.
  ///
  ///     scaling.fit(logits, t, {.pos_label = 0});
  PlattScaling& fit(const Array& scores, const Array& t, const BinaryFitOptions& options = {});

  /// Probabilities of the positive class, of the shape and dtype of the scores; for (N, 2) the other column
  /// is the complement. For more than two classes (N, C). Errors: fit has not been called; scores that do not
  /// fit.
  Array transform(const Array& scores) const;

  /// The slope, negative where higher scores mean the positive class, and the offset, of two classes. Errors:
  /// fit has not been called; more than two classes.
  double a() const;
  double b() const;

  /// One for two classes, otherwise one for each class; empty before fit.
  const std::vector<Line>& lines() const { return lines_; }
  /// Of two classes, the index of the positive one, whose line it is: 0 or 1.
  std::int64_t pos_class() const { return static_cast<std::int64_t>(column_); }
  bool is_fitted() const { return !lines_.empty(); }
  /// 0 before fit.
  std::size_t n_class() const { return lines_.size() == 1 ? 2 : lines_.size(); }

  /// For `save_npz` and `load_npz`. Errors: fit has not been called.
  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);

 private:
  void require_fit() const;
  const Line& only_line() const;

  std::vector<Line> lines_;
  std::size_t column_ = 1;  // of the positive class in probabilities (N, 2)
};

}  // namespace tenbin
