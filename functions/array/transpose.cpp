#include "tenbin/functions/array/transpose.h"

#include "tenbin/core/check.h"

namespace tenbin {

namespace {

// Writes the elements in the order of the last axes, from `axis` on, and returns where it stopped.
template <class T>
T* copy_strided(const T* x, const Shape& lengths, const Shape& strides, std::size_t axis, T* y) {
  const std::size_t length = lengths[axis];
  const std::size_t stride = strides[axis];
  if (axis + 1 == lengths.size()) {
    for (std::size_t i = 0; i < length; ++i) y[i] = x[i * stride];
    return y + length;
  }
  for (std::size_t i = 0; i < length; ++i) y = copy_strided(x + i * stride, lengths, strides, axis + 1, y);
  return y;
}

Array permute_axes(const Array& x, const detail::Permuted& view) {
  if (x.ndim() < 2) return x;
  Array y = Array::empty(view.lengths, x.dtype());
  visit(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    copy_strided(x.data<T>(), view.lengths, view.strides, 0, y.data<T>());
  });
  return y;
}

}  // namespace

detail::Permuted detail::permuted(const Shape& shape, const Order& order) {
  Shape strides = shape;
  std::size_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  Permuted view;
  for (const std::size_t axis : order) {
    view.lengths.push_back(shape[axis]);
    view.strides.push_back(strides[axis]);
  }
  return view;
}

detail::Order Transpose::order_for(const Array& x) const {
  detail::Order order;
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

detail::Order Transpose::inverse_order() const {
  detail::Order inverse = order_;
  for (std::size_t i = 0; i < order_.size(); ++i) inverse[order_[i]] = i;
  return inverse;
}

Arrays Transpose::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  order_ = order_for(xs[0]);
  return {permute_axes(xs[0], detail::permuted(xs[0].shape(), order_))};
}

Arrays Transpose::backward_cpu(const Arrays&, const Arrays& gys) {
  return {permute_axes(gys[0], detail::permuted(gys[0].shape(), inverse_order()))};
}

TENBIN_NO_GPU(Transpose);

}  // namespace tenbin
