#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/array/transpose.h"

namespace tenbin {

namespace {

// The axes of the result, the last one first. Those that are not there have length 1.
struct Axis {
  gpu::Index length = 1;
  gpu::Index stride = 0;
};
struct Axes {
  Axis axis[Shape::max_ndim];
};

template <class T>
void copy_strided(const Array& x_array, const detail::Permuted& view, Array& y_array) {
  Axes axes;
  for (std::size_t i = 0; i < view.lengths.size(); ++i) {
    const std::size_t axis = view.lengths.size() - 1 - i;
    axes.axis[i] = {static_cast<gpu::Index>(view.lengths[axis]), static_cast<gpu::Index>(view.strides[axis])};
  }
  const T* const x = x_array.data<T>();
  T* const y = y_array.data<T>();
  gpu::for_each(gpu::Context::of(x_array), y_array.size(), [=] __device__(gpu::Index i) {
    gpu::Index rest = i, place = 0;
    // Counted to a constant, it is unrolled: the axes stay out of local memory.
    for (std::size_t k = 0; k < Shape::max_ndim; ++k) {
      if (rest == 0) break;
      place += rest % axes.axis[k].length * axes.axis[k].stride;
      rest /= axes.axis[k].length;
    }
    y[i] = x[place];
  });
}

Array permute_axes(const Array& x, const detail::Permuted& view) {
  if (x.ndim() < 2) return x;
  Array y = Array::empty(view.lengths, x.dtype(), x.device());
  visit(x.dtype(), [&](auto zero) { copy_strided<decltype(zero)>(x, view, y); });
  return y;
}

}  // namespace

Arrays Transpose::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  order_ = order_for(xs[0]);
  return {permute_axes(xs[0], detail::permuted(xs[0].shape(), order_))};
}

Arrays Transpose::backward_gpu(const Arrays&, const Arrays& gys) {
  return {permute_axes(gys[0], detail::permuted(gys[0].shape(), inverse_order()))};
}

}  // namespace tenbin
