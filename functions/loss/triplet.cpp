#include "tenbin/functions/loss/triplet.h"

#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/loss/detail/reduced.h"
#include "tenbin/functions/loss/detail/row_distance.h"
#include "tenbin/functions/math/basic_math.h"

namespace tenbin {

Variable triplet(const Variable& anchor, const Variable& positive, const Variable& negative, double margin,
                 Reduce reduce) {
  detail::require_margin("triplet", margin);
  const auto to_positive = detail::squared_differences("triplet", "anchor", anchor, "positive", positive);
  const auto to_negative = detail::squared_differences("triplet", "anchor", anchor, "negative", negative);
  return detail::reduced(relu(sum(to_positive - to_negative, 1) + margin), reduce);
}

}  // namespace tenbin
