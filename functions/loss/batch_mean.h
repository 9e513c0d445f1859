// The mean of losses that no function of this directory computes.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// The mean of the losses of a batch, for losses of one's own; 0 if there are none. Unlike `mean`, it is that
/// of the whole batch where DataParallel (distributed/) cuts a batch into shards, as for all losses of this
/// library.
///
/// losses: any shape, float32 or float64; the mean: a scalar of that dtype. Errors: another dtype.
///
///     Variable loss = batch_mean(huber_loss(model(x), t, 1.0));
Variable batch_mean(const Variable& losses);

}  // namespace tenbin
