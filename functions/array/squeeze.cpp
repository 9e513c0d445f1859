#include "tenbin/functions/array/squeeze.h"

namespace tenbin {

Shape Squeeze::resolve(const Array& x) const {
  if (!axes_.empty()) {
    ReductionOptions options;
    options.axis = axes_;
    const ReducedShape shapes = reduce_shape(*this, x, options);
    if (shapes.kept != x.shape()) throw Error("squeeze: an axis to remove must have length 1, got ", x);
    return shapes.result;
  }
  Shape shape;
  for (const std::size_t length : x.shape())
    if (length != 1) shape.push_back(length);
  return shape;
}

}  // namespace tenbin
