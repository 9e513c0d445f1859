// Temperature scaling: calibration of logits by one parameter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tenbin/core/array.h"

namespace tenbin {

class StateReader;

/// Options of TemperatureScaling.
struct TemperatureScalingOptions {
  double min_temperature = 0.01;
  double max_temperature = 100;
  /// Rows with this label are ignored. Not set: -1, but two classes and labels of -1 and 1 only are an error:
  /// map -1 to 0.
  std::optional<std::int64_t> ignore_label = {};
};

/// Options of TemperatureScaling::fit.
struct TemperatureScalingFitOptions {
  Array sample_weight = {};  ///< float (N), >= 0
};

/// Temperature scaling (Guo et al., "On calibration of modern neural networks", ICML 2017): probabilities
/// softmax(z / T), with the T > 0 that maximises the likelihood of the validation labels,
///
///     minimise  sum_i w_i (log sum_c exp(z[i, c] / T) - z[i, t_i] / T).
///
/// An overconfident network gets T > 1. The order of the classes, and so the accuracy, does not change; only
/// the confidence does. The problem is convex in 1 / T and solved by Newton's method in float64.
///
///     TemperatureScaling scaling;
///     scaling.fit(model(valid.x).data(), valid.t);          // not data that the model was trained on
///     Array p = scaling.transform(model(test.x).data());
///     save_npz("temperature.npz", scaling);
class TemperatureScaling {
 public:
  /// Errors: not 0 < min_temperature <= max_temperature < infinity.
  explicit TemperatureScaling(const TemperatureScalingOptions& options = {});
  /// Loads what `save_npz` wrote: T. Errors: those of NpzReader; a T that is not finite and above 0.
  static TemperatureScaling load(const std::string& path);

  /// Finds T. If every row is classified correctly the likelihood has no maximum, and T becomes
  /// `min_temperature`; if the logits are not, or negatively, related to the labels, `max_temperature`; if T
  /// makes no difference it stays 1.
  ///
  /// logits: float32 or float64 (N, C); t: integer (N). Rows whose label is `ignore_label` are ignored.
  /// Errors: shapes and dtypes that do not fit; a logit that is not finite; a label outside [0, C); all rows
  /// ignored.
  ///
  ///     scaling.fit(logits, t, {.sample_weight = w});
  TemperatureScaling& fit(const Array& logits, const Array& t,
                          const TemperatureScalingFitOptions& options = {});

  /// softmax(logits / T) over axis 1, computed in float64: (N, C), of the logits' dtype. Errors: fit has not
  /// been called; logits that do not fit.
  Array transform(const Array& logits) const;

  /// T. Errors: fit has not been called.
  double temperature() const;

  /// For `save_npz` and `load_npz`: T; the options are not saved. Errors: fit has not been called.
  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);

 private:
  TemperatureScalingOptions options_;
  double temperature_ = 0;  // 0: fit has not been called
};

}  // namespace tenbin
