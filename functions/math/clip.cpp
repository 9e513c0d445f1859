#include "tenbin/functions/math/clip.h"

#include "tenbin/functions/detail/elementwise_bodies.h"

namespace tenbin {

TENBIN_ELEMENTWISE(ClipFormula);

}  // namespace tenbin
