#include "tenbin/functions/array/where.h"

#include "tenbin/core/broadcast.h"
#include "tenbin/core/check.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

namespace {

struct Select {
  template <class T>
  constexpr T operator()(T condition, T a, T b) const {
    return condition != 0 ? a : b;
  }
};

struct KeepIf {
  bool selected;
  template <class T>
  constexpr T operator()(T condition, T gy) const {
    return (condition != 0) == selected ? gy : T{0};
  }
};

// As a floating dtype: no integer becomes 0.
Array broadcast_condition(const Array& condition, const Shape& shape, Dtype dtype) {
  return back_end::broadcast_to(condition.astype(dtype), shape);
}

}  // namespace

Arrays Where::TENBIN_FORWARD(const Arrays& xs) {
  retain_inputs({0});
  for (std::size_t i = 0; i < 2; ++i) shapes_[i] = xs[i + 1].shape();
  const Shape y_shape = shape(xs);
  return {back_end::map(Select(), broadcast_condition(xs[0], y_shape, xs[1].dtype()),
                        back_end::broadcast_to(xs[1], y_shape), back_end::broadcast_to(xs[2], y_shape))};
}

Arrays Where::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Array condition = broadcast_condition(xs[0], gy.shape(), gy.dtype());
  const auto gradient = [&](std::size_t i) {
    if (!needs_grad(i + 1)) return Array();
    return back_end::sum_to(back_end::map(KeepIf{i == 0}, condition, gy), shapes_[i]);
  };
  return {Array(), gradient(0), gradient(1)};
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

Shape Where::shape(const Arrays& xs) const {
  const Shape of_values = require_broadcast(*this, "a", xs[1], "b", xs[2]);
  if (const auto all = broadcast_shape(xs[0].shape(), of_values)) return *all;
  throw Error("where: condition and a, b do not broadcast: ", xs[0], " and ", xs[1], ", ", xs[2]);
}

void Where::check(const Arrays& xs) const {
  if (!is_integer(xs[0].dtype())) throw Error("where: condition must be uint8, int32 or int64, got ", xs[0]);
  require_floating(*this, "a", xs[1]);
  require_same_dtype(*this, "a", xs[1], "b", xs[2]);
  shape(xs);
}

TENBIN_NO_GPU(Where);

#endif

}  // namespace tenbin
