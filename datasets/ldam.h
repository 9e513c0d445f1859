// LDAM-DRW: the margins of `ldam_loss` from the class counts, and class weights that start at a later epoch
// (Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019).
#pragma once

#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// Margins for `ldam_loss`: m_c = max_margin (n_min / n_c)^(1/4), so that the rarest class gets `max_margin`
/// (Cao et al., NeurIPS 2019). float32 (K).
///
/// Errors: a class without samples, named; no classes; a `max_margin` that is negative or not finite.
///
///     ldam_loss(model(x), t, ldam_margin(counts));
Array ldam_margin(const std::vector<std::size_t>& counts, double max_margin = 0.5);

/// Deferred re-weighting (DRW): no class weights before `start_epoch`, so that the features are learnt from
/// the data as they are, then `class_weight`. Epochs are counted from 0; Cao et al. start at epoch 160 of
/// 200.
///
///     const DeferredReweighting weights{effective_number_class_weight(counts), 160};
///     softmax_cross_entropy(model(x), t, {.class_weight = weights(epoch)});
struct DeferredReweighting {
  Array class_weight;
  std::size_t start_epoch;

  Array operator()(std::size_t epoch) const { return epoch < start_epoch ? Array() : class_weight; }
};

}  // namespace tenbin
