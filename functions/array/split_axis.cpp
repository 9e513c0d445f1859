#include "tenbin/functions/array/split_axis.h"

#include "tenbin/core/check.h"
#include "tenbin/core/lines.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays SplitAxis::TENBIN_FORWARD(const Arrays& xs) {
  const Array& x = xs[0];
  retain_inputs({});
  x_shape_ = x.shape();
  begins_ = begins(x);
  position_ = require_axis(*this, x, axis_);
  Arrays ys;
  for (std::size_t part = 0; part + 1 < begins_.size(); ++part) {
    if (position_ == 0) {
      ys.push_back(x.slice(begins_[part], begins_[part + 1]));
      continue;
    }
    ys.push_back(Array::empty(part_shape(part), x.dtype(), x.device()));
    back_end::read_slice(x, lines_along(x_shape_, position_), begins_[part], ys.back());
  }
  return ys;
}

Arrays SplitAxis::TENBIN_BACKWARD(const Arrays&, const Arrays& gys) {
  const Array* known = gys.begin();
  while (!*known) ++known;  // one of the parts has a gradient
  const Dtype dtype = known->dtype();
  const Device device = known->device();
  Arrays parts;
  for (std::size_t part = 0; part < gys.size(); ++part)
    parts.push_back(gys[part] ? gys[part] : Array::zeros(part_shape(part), dtype, device));
  Array gx = Array::empty(x_shape_, dtype, device);
  back_end::join(parts, lines_along(x_shape_, position_), gx);
  return {gx};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Shape SplitAxis::part_shape(std::size_t part) const {
  Shape shape = x_shape_;
  shape[position_] = begins_[part + 1] - begins_[part];
  return shape;
}

SplitAxis::Positions SplitAxis::begins(const Array& x) const {
  const std::size_t axis = require_axis(*this, x, axis_);
  const auto length = static_cast<std::int64_t>(x.shape()[axis]);
  Positions all{0};
  if (points_.equal_) {
    const std::int64_t sections = points_.sections_;
    if (sections < 1) throw Error("split_axis: the number of parts must be at least 1, got ", sections);
    if (length % sections != 0)
      throw Error("split_axis: axis ", axis, " of ", x, " does not divide into ", sections, " equal parts");
    for (std::int64_t part = 1; part <= sections; ++part)
      all.push_back(static_cast<std::size_t>(length / sections * part));
    return all;
  }
  std::int64_t last = 0;
  for (const Length given : points_.indices_) {
    const std::int64_t index = given.value;
    if (index < last || index > length)
      throw Error("split_axis: the indices must be ascending and in [0, ", length, "], got ", index,
                  " after ", last, " for axis ", axis, " of ", x);
    last = index;
    all.push_back(static_cast<std::size_t>(index));
  }
  all.push_back(static_cast<std::size_t>(length));
  return all;
}

TENBIN_NO_GPU(SplitAxis);

#endif

}  // namespace tenbin
