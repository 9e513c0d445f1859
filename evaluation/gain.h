// What it brings to act on the rows of the highest scores only: the figures of campaigns and alarm lists.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Options of hits_at_k, gain_at_k, lift_at_k and gain_curve.
struct GainOptions {
  /// The label of which the scores tell; all others are negative. None: labels are 0 and 1, and 1
  /// is positive.
  std::optional<std::int64_t> pos_label = {};
  /// Rows with this label do not count. None: -1; but labels of -1 and 1 only are two classes, and need
  /// `pos_label`.
  std::optional<std::int64_t> ignore_label = {};
};

/// How many positive rows are among the k of the highest scores. Where equal scores straddle the border, the
/// mean over all orders of them: what a random choice among them hits.
///
/// t, y: as in roc_curve. Errors: those of precision_recall_curve; k is 0 or above the number of rows.
///
///     hits_at_k(t, p, 800);    // 110 of the 238 buyers get one of 800 letters
double hits_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options = {});

/// The share of the positive rows among the k of the highest scores, hits / P: recall at k, a point of the
/// cumulative gain curve. Errors: those of hits_at_k; no positive rows.
double gain_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options = {});

/// How many times more positive rows than k random ones have, (hits / k) / (P / N). Errors: those of
/// gain_at_k.
double lift_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options = {});

/// Point i has all rows of the i highest distinct scores. Lift is gain / depth.
struct GainCurve {
  std::vector<double> depth;  ///< share of all rows, from 0 to 1
  std::vector<double> gain;   ///< share of the positive rows among them, from 0 to 1
};

/// The cumulative gain curve. Errors: those of gain_at_k.
///
///     auto [depth, gain] = gain_curve(t, p);
GainCurve gain_curve(const Array& t, const Array& y, const GainOptions& options = {});

}  // namespace tenbin
