#include "tenbin/functions/math/reduction.h"

#include "tenbin/core/check.h"

namespace tenbin {

ReducedShape reduce_shape(const Function& function, const Array& x, const ReductionOptions& options) {
  bool reduced[Shape::max_ndim] = {};
  for (const int axis : options.axis) {
    bool& is_reduced = reduced[require_axis(function, x, axis)];
    if (is_reduced) throw Error(function.name(), ": axis ", axis, " is named twice for ", x);
    is_reduced = true;
  }
  ReducedShape shapes;
  for (std::size_t axis = 0; axis < x.ndim(); ++axis) {
    const bool goes = options.axis.empty() || reduced[axis];
    shapes.kept.push_back(goes ? 1 : x.shape()[axis]);
    if (!goes || options.keepdims) shapes.result.push_back(shapes.kept.back());
  }
  return shapes;
}

}  // namespace tenbin
