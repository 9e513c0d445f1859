// The largest of each group of channels.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// The maximum of each `pool_size` adjacent entries along an axis (Goodfellow et al., "Maxout networks", ICML
/// 2013). As `max`, it passes the whole gradient to every entry that equals the maximum. (Chainer:
/// `F.maxout`.)
///
/// x: float32 or float64, at most 7 axes; y: along `axis`, its length is that of x divided by `pool_size`.
///
/// Errors: `pool_size` is not positive, or does not divide the length of the axis; an axis out of range.
///
///     Variable h = maxout(l1(x), 4);     // float32(8, 64) to float32(8, 16)
Variable maxout(const Variable& x, int pool_size, int axis = 1);

}  // namespace tenbin
