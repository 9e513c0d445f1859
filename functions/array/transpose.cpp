#include "tenbin/functions/array/transpose.h"

#include "tenbin/core/check.h"
#include "tenbin/core/lines.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

namespace {

Array permute_axes(const Array& x, const Transpose::Order& order) {
  if (x.ndim() < 2) return x;
  const Shape strides = strides_of(x.shape());
  View view;
  for (const std::size_t axis : order)
    view.push_back(x.shape()[axis], static_cast<std::ptrdiff_t>(strides[axis]));
  return back_end::read_view(x, view);
}

}  // namespace

Arrays Transpose::TENBIN_FORWARD(const Arrays& xs) {
  retain_inputs({});
  order_ = order_for(xs[0]);
  return {permute_axes(xs[0], order_)};
}

Arrays Transpose::TENBIN_BACKWARD(const Arrays&, const Arrays& gys) {
  return {permute_axes(gys[0], inverse_order())};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Transpose::Order Transpose::order_for(const Array& x) const {
  Order order;
  if (axes_.empty()) {
    for (std::size_t axis = x.ndim(); axis-- > 0;) order.push_back(axis);
    return order;
  }
  if (axes_.size() != x.ndim()) throw Error("transpose: ", axes_.size(), " axes given for ", x);
  bool seen[Shape::max_ndim] = {};
  for (const int given : axes_) {
    const std::size_t axis = require_axis(*this, x, given);
    if (seen[axis]) throw Error("transpose: axis ", axis, " is given twice for ", x);
    seen[axis] = true;
    order.push_back(axis);
  }
  return order;
}

Transpose::Order Transpose::inverse_order() const {
  Order inverse = order_;
  for (std::size_t i = 0; i < order_.size(); ++i) inverse[order_[i]] = i;
  return inverse;
}

TENBIN_NO_GPU(Transpose);

#endif

}  // namespace tenbin
