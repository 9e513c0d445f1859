#include "tenbin/functions/connection/linear.h"

#include "tenbin/core/check.h"
#include "tenbin/functions/detail/back_end.h"

namespace tenbin {

Arrays LinearFunction::TENBIN_FORWARD(const Arrays& xs) {
  const Array& x = xs[0];
  const Array& W = xs[1];
  const Sizes sizes = sizes_of(x, W);
  retain_inputs({0, 1});
  Array y = Array::empty(y_shape(x, W), x.dtype(), x.device());
  if (xs.size() == 3) {
    back_end::gemm_with_bias(false, true, sizes.rows, sizes.out, sizes.in, x, W, xs[2], y);
  } else {
    back_end::gemm(false, true, sizes.rows, sizes.out, sizes.in, x, W, 0, y);
  }
  return {y};
}

Arrays LinearFunction::TENBIN_BACKWARD(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  const Array& W = xs[1];
  const Array& gy = gys[0];
  const Sizes sizes = sizes_of(x, W);
  Arrays gxs;
  gxs.resize(xs.size());
  if (needs_grad(0)) {
    gxs[0] = new_gradient(0, x);
    back_end::gemm(false, false, sizes.rows, sizes.in, sizes.out, gy, W, 0, gxs[0]);
  }
  if (needs_grad(1)) {
    gxs[1] = new_gradient(1, W);
    back_end::gemm(true, false, sizes.out, sizes.in, sizes.rows, gy, x, 0, gxs[1]);
  }
  if (xs.size() == 3 && needs_grad(2)) {
    gxs[2] = new_gradient(2, xs[2]);
    back_end::sum_middle(gy, 1, sizes.rows, sizes.out, gxs[2]);
  }
  return gxs;
}

#ifndef TENBIN_KERNELS  // compiled once, for both devices

LinearFunction::Sizes LinearFunction::sizes_of(const Array& x, const Array& W) const {
  const Shape batch(x.shape().begin(), x.shape().begin() + n_batch_axes_);
  return {element_count(batch), W.shape()[1], W.shape()[0]};
}

Shape LinearFunction::y_shape(const Array& x, const Array& W) const {
  Shape shape(x.shape().begin(), x.shape().begin() + n_batch_axes_);
  shape.push_back(W.shape()[0]);
  return shape;
}

void LinearFunction::check(const Arrays& xs) const {
  const Array& x = xs[0];
  const Array& W = xs[1];
  require_floating(*this, "x", x);
  require_same_dtype(*this, "x", x, "W", W);
  if (n_batch_axes_ == 0) throw Error("linear: n_batch_axes must be at least 1, got 0");
  if (x.ndim() <= n_batch_axes_)
    throw Error("linear: x must have more than ", n_batch_axes_, " axes, got ", x);
  if (W.ndim() != 2) throw Error("linear: W must be (out_size, in_size), got ", W);
  const std::size_t in_size = element_count(Shape(x.shape().begin() + n_batch_axes_, x.shape().end()));
  if (in_size != W.shape()[1])
    throw Error("linear: x and W differ in in_size (", in_size, " and ", W.shape()[1], "): ", x, " and ", W);
  if (xs.size() < 3) return;
  const Array& b = xs[2];
  require_same_dtype(*this, "x", x, "b", b);
  if (b.shape() != Shape{W.shape()[0]})
    throw Error("linear: b must be ", Shape{W.shape()[0]}, " for W ", W, ", got ", b);
}

TENBIN_NO_GPU(LinearFunction);

Variable linear(const Variable& x, const Variable& W, const Variable& b, std::size_t n_batch_axes) {
  return b ? apply<LinearFunction>({x, W, b}, n_batch_axes) : apply<LinearFunction>({x, W}, n_batch_axes);
}

#endif

}  // namespace tenbin
