// The reduction of losses that are computed from other functions. Internal.
#pragma once

#include "tenbin/functions/loss/detail/batch_loss.h"
#include "tenbin/functions/math/average.h"
#include "tenbin/functions/math/sum.h"

namespace tenbin::detail {

// The mean divides by the number of losses; that of no losses is 0.
inline Variable reduced(const Variable& losses, Reduce reduce) {
  if (reduce == Reduce::no) return losses;
  const Variable loss = reduce == Reduce::mean && losses.size() > 0 ? mean(losses) : sum(losses);
  return loss_of_batch(loss, reduce, [&] { return static_cast<double>(losses.size()); });
}

}  // namespace tenbin::detail
