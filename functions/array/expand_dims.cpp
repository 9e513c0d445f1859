#include "tenbin/functions/array/expand_dims.h"

#include "tenbin/functions/array/detail/new_axis.h"

namespace tenbin {

Shape ExpandDims::resolve(const Array& x) const {
  return detail::with_axis(x.shape(), detail::require_new_axis(*this, x, axis_), 1);
}

}  // namespace tenbin
