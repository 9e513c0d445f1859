// Isotonic calibration: non-parametric, by the best increasing step function.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tenbin/calibration/binary_fit_options.h"

namespace tenbin {

class StateReader;

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
/// More than two classes have a curve each, of the probability of that class, fitted to that class against
/// the rest; the values of a row are divided by their sum, and a row of zeros becomes uniform (Zadrozny and
/// Elkan; scikit-learn: `CalibratedClassifierCV(method="isotonic")`).
///
///     IsotonicCalibration calibration;
///     calibration.fit(scores, valid.t);
///     Array p = calibration.transform(model_scores);
///     save_npz("isotonic.npz", calibration);
class IsotonicCalibration {
 public:
  /// The points of a piecewise linear function: scores, ascending, and probabilities.
  struct Curve {
    std::vector<double> x, y;
  };

  /// Loads what `save_npz` wrote. Errors: those of NpzReader; points that no fit gives.
  static IsotonicCalibration load(const std::string& path);

  /// scores: float32 or float64 (N) or (N, 1), or probabilities (N, 2); t: integer (N), two labels (see
  /// BinaryFitOptions). For C > 2 classes: probabilities (N, C), t in [0, C), and no `pos_label`. Equal
  /// scores are merged, with their mean label. Errors: shapes and dtypes that do not fit; a score that is not
  /// finite; labels that do not fit; a class without samples.
  ///
  ///     calibration.fit(scores, t, {.pos_label = 0});
  IsotonicCalibration& fit(const Array& scores, const Array& t, const BinaryFitOptions& options = {});

  /// Probabilities of the positive class, of the shape and dtype of the scores; for (N, 2) the other column
  /// is the complement. For more than two classes (N, C). Errors: fit has not been called; scores that do not
  /// fit.
  Array transform(const Array& scores) const;

  /// The curve of two classes. Empty before fit. Errors: more than two classes.
  const std::vector<double>& x_thresholds() const { return only_curve().x; }
  const std::vector<double>& y_thresholds() const { return only_curve().y; }

  /// One for two classes, otherwise one for each class; empty before fit.
  const std::vector<Curve>& curves() const { return curves_; }
  /// Of two classes, the index of the positive one, whose curve it is: 0 or 1.
  std::int64_t pos_class() const { return static_cast<std::int64_t>(column_); }
  bool is_fitted() const { return !curves_.empty(); }
  /// 0 before fit.
  std::size_t n_class() const { return curves_.size() == 1 ? 2 : curves_.size(); }

  /// For `save_npz` and `load_npz`. Errors: fit has not been called.
  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);

 private:
  void require_fit() const;
  const Curve& only_curve() const;

  std::vector<Curve> curves_;
  std::size_t column_ = 1;  // of the positive class in probabilities (N, 2)
};

}  // namespace tenbin
