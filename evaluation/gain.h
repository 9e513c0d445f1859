// Hits, gain and lift: the benefit of acting only on the rows with the highest scores, as in campaigns and
// alarms.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Options of hits_at_k, gain_at_k, lift_at_k and gain_curve.
struct GainOptions {
  /// The positive label: scores grow with it; all other labels are negative. Not set: labels are 0 and 1, and
  /// 1 is positive.
  std::optional<std::int64_t> pos_label = {};
  /// Rows with this label are ignored. Not set: -1; labels of -1 and 1 only are then two classes and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// The number of positive rows among the k rows with the highest scores. If rank k is within a group of
/// equal scores, the mean over all orders of the group: the expected value of a random choice.
///
/// t, y: as in roc_curve. Errors: those of precision_recall_curve; k is 0 or above the number of rows.
///
///     hits_at_k(t, p, 800);    // e.g. 110: 800 letters reach 110 of the 238 buyers
double hits_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options = {});

/// The share of the positive rows that is among the k highest scores, hits / P: recall at k, a point of the
/// cumulative gain curve. Errors: those of hits_at_k; no positive rows.
double gain_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options = {});

/// The share of positives among the k highest scores, relative to all rows: (hits / k) / (P / N). Errors:
/// those of gain_at_k.
double lift_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options = {});

/// Point i covers all rows of the i highest distinct scores. Lift is gain / depth.
struct GainCurve {
  std::vector<double> depth;  ///< share of all rows, from 0 to 1
  std::vector<double> gain;   ///< share of the positive rows among them, from 0 to 1
};

/// The cumulative gain curve. Errors: those of gain_at_k.
///
///     auto [depth, gain] = gain_curve(t, p);
GainCurve gain_curve(const Array& t, const Array& y, const GainOptions& options = {});

}  // namespace tenbin
