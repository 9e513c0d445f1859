// From the outputs of a network to probabilities: one type for all calibrations, for a model that is saved.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "tenbin/calibration/isotonic_calibration.h"
#include "tenbin/calibration/platt_scaling.h"
#include "tenbin/calibration/prior_correction.h"
#include "tenbin/calibration/temperature_scaling.h"

namespace tenbin {

/// Options of Calibration::fit.
struct CalibrationFitOptions {
  Array sample_weight = {};  ///< float (N), >= 0
  /// Rows with this label are ignored. Not set: -1, but two classes and labels of -1 and 1 only are an error.
  std::optional<std::int64_t> ignore_label = {};
};

/// What turns the logits of a network into probabilities (N, K): softmax, or a calibration that is fitted to
/// logits, and a prior correction after it.
///
/// Logits are float32 or float64 (N, K), K >= 2; or (N) or (N, 1), z of the sigmoid of class 1, which are
/// read as the two logits 0 and z. What is calibrated is
///
/// - softmax: nothing;
/// - TemperatureScaling: the logits;
/// - PlattScaling: for two classes z1 - z0, the score of class 1; for more, every logit by itself;
/// - IsotonicCalibration: softmax(logits).
///
/// `fit` and the call take the same logits and derive the same scores from them. A PlattScaling or
/// IsotonicCalibration that was fitted elsewhere, perhaps to other scores, is therefore not accepted; a
/// TemperatureScaling is, since it is always fitted to logits.
///
///     const Calibration calibration = Calibration(PlattScaling()).fit(valid_logits, valid.t);
///     Array p = calibration(test_logits);
///     save_npz("calibration.npz", calibration);
class Calibration {
 public:
  using Method = std::variant<std::monostate, TemperatureScaling, PlattScaling, IsotonicCalibration>;

  /// Softmax.
  Calibration() = default;
  /// Fitted or not. Errors: PlattScaling and IsotonicCalibration that are fitted already.
  Calibration(const TemperatureScaling& scaling);       // NOLINT(google-explicit-constructor)
  Calibration(const PlattScaling& scaling);             // NOLINT(google-explicit-constructor)
  Calibration(const IsotonicCalibration& calibration);  // NOLINT(google-explicit-constructor)
  /// Loads what `save_npz` wrote. Errors: those of NpzReader; values that no fit gives.
  static Calibration load(const std::string& path);

  /// Fits the method. t: integer (N), in [0, K). Errors: softmax, which has nothing to fit; logits that do
  /// not fit or are not finite; labels that do not fit; no rows but ignored ones; those of the method's
  /// `fit`, as a class without samples.
  ///
  ///     calibration.fit(logits, t, {.sample_weight = w});
  Calibration& fit(const Array& logits, const Array& t, const CalibrationFitOptions& options = {});

  /// This calibration, with a correction of the class frequencies after it. Errors: there is one already; it
  /// has another number of classes.
  ///
  ///     calibration = calibration.then(PriorCorrection(seen, actual));
  [[nodiscard]] Calibration then(const PriorCorrection& correction) const;

  /// Probabilities (N, K), of the logits' dtype and on their device, computed in float64. Errors: fit has not
  /// been called; a logit that is not finite; another number of classes than fitted; those of
  /// PriorCorrection.
  Array operator()(const Array& logits) const;

  /// "softmax", "temperature", "platt" or "isotonic".
  const char* kind() const;
  /// The method; std::monostate for softmax.
  ///
  ///     if (const auto* platt = std::get_if<PlattScaling>(&calibration.method())) use(platt->a());
  const Method& method() const { return method_; }
  const std::optional<PriorCorrection>& prior() const { return prior_; }
  /// K, or 0 if it has not been fixed: softmax and temperature take any.
  std::size_t n_class() const;

  /// For `save_npz` and `load_npz`. Errors: fit has not been called.
  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);

 private:
  Method method_;
  std::optional<PriorCorrection> prior_;
};

}  // namespace tenbin
