// From probabilities to a class: the largest, a threshold, or the least expected cost, for a model that is
// saved.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

#include "tenbin/calibration/threshold.h"

namespace tenbin {

class StateReader;

/// How the class of a row is chosen from its probabilities.
///
///     const TunedThreshold tuned = tune_threshold(valid.t, calibration(logits), objective::f_beta());
///     const Decision decision = tuned;
///     Array classes = decision(calibration(test_logits));
///     save_npz("decision.npz", decision);
class Decision {
 public:
  /// A threshold for the probability of class `pos_class` of two.
  struct Threshold {
    double threshold;
    std::int64_t pos_class;
  };

  /// The class with the largest probability; the first on ties.
  Decision() = default;
  /// The positive class of two from the threshold on. Errors: a threshold that is no probability, neither in
  /// [0, 1] nor infinite, as one that was tuned on logits; a `pos_class` other than 0 and 1.
  Decision(const TunedThreshold& tuned);  // NOLINT(google-explicit-constructor)
  /// The same, by hand.
  ///
  ///     const Decision careful(0.1);
  explicit Decision(double threshold, std::int64_t pos_class = 1);
  /// The class with the lowest expected cost: `argmin_expected_cost(p, cost)`. cost: float (K, K), K >= 2,
  /// the true class by row and the predicted one by column. Errors: another shape; a cost that is not finite.
  ///
  ///     const Decision decision = Decision::expected_cost({{0., 1.}, {50., 0.}});
  static Decision expected_cost(const Array& cost);
  /// Loads what `save_npz` wrote. Errors: those of NpzReader; values that the constructors refuse.
  static Decision load(const std::string& path);

  /// The numbers of the classes: int64 (N) on the CPU. probabilities: float32 or float64 (N, K), K >= 2.
  /// Errors: other shapes; rows that are not probabilities, also with NaN; a threshold and more than two
  /// classes; costs of another number of classes.
  Array operator()(const Array& probabilities) const;

  /// "argmax", "threshold" or "cost".
  const char* kind() const;
  /// Errors: another kind.
  const Threshold& threshold() const;
  /// float64 (K, K). Errors: another kind.
  const Array& cost() const;
  /// K, or 0: argmax takes any.
  std::size_t n_class() const;

  /// For `save_npz` and `load_npz`.
  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);

 private:
  std::variant<std::monostate, Threshold, Array> rule_;
};

}  // namespace tenbin
