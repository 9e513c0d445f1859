#include "tenbin/functions/loss/batch_mean.h"

#include "tenbin/functions/loss/detail/reduced.h"

namespace tenbin {

Variable batch_mean(const Variable& losses) {
  if (!is_floating(losses.dtype()))
    throw Error("batch_mean: the losses must be float32 or float64, got ", losses.data());
  return detail::reduced(losses, Reduce::mean);
}

}  // namespace tenbin
