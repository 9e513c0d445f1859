// Weighted sampling of rows per epoch, and weights that balance classes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Options of weighted_sample. Without seed and epoch every call draws other rows, from
/// `random::default_generator()`; a seed alone means epoch 0.
struct WeightedSampleOptions {
  std::size_t size = 0;                     ///< number of rows to draw; 0: the number of weights
  bool replacement = true;                  ///< false: every row at most once
  std::optional<std::uint64_t> seed = {};   ///< 1, if the epoch is given
  std::optional<std::uint64_t> epoch = {};  ///< gives every epoch its own draw, which depends on (seed,
                                            ///< epoch) alone
};

/// Rows drawn with probabilities proportional to their weights, in the order drawn (PyTorch:
/// `WeightedRandomSampler`).
///
/// weights: floating (N), one per row, finite and >= 0; a row of weight 0 is never drawn. Without replacement
/// each draw is proportional among the remaining rows (Efraimidis and Spirakis, "Weighted random sampling
/// with a reservoir", Information Processing Letters 2006), so that the class shares approach those of the
/// data as more rows are drawn. Errors: other weights, named with their position; no weight above 0; without
/// replacement, a size above the number of nonzero weights.
///
///     const Array weight = balanced_sample_weight(train.t);
///     for (std::uint64_t epoch = 0; epoch < 20; ++epoch)
///       for (auto [x, t] : Minibatches(train, weighted_sample(weight, {.epoch = epoch}), {.epoch = epoch}))
///       ...
std::vector<std::size_t> weighted_sample(const Array& weights, const WeightedSampleOptions& options = {});

/// Weights under which every class is drawn equally often: 1 / (K n_c) for a row of class c, K being the
/// number of classes that occur. float64 (N), sum 1. t: integer (N), the training labels. Errors: other
/// labels; no labels.
Array balanced_sample_weight(const Array& t);

/// Weights between the class shares of the data and balanced ones: class c is drawn in proportion to
/// sqrt(n_c) (Kang et al., "Decoupling representation and classifier for long-tailed recognition", ICLR
/// 2020).
Array square_root_sample_weight(const Array& t);

/// Weights that change from the class shares of the data at progress 0 to balanced ones at progress 1 (Kang
/// et al., "progressively-balanced"): class c is drawn with probability
///
///     (1 - progress) n_c / N + progress / K.
///
/// Errors: also a progress outside [0, 1].
///
///     progressive_sample_weight(train.t, static_cast<double>(epoch) / (n_epoch - 1))
Array progressive_sample_weight(const Array& t, double progress);

}  // namespace tenbin
