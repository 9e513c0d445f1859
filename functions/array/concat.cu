#include "tenbin/core/check.h"
#include "tenbin/core/lines.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/array/concat.h"

namespace tenbin {

namespace {

// Rows of `length` elements that begin so far apart.
template <class T>
struct Rows {
  T* data;
  gpu::Index step;
};

template <class T>
void copy_rows(gpu::Context& context, Rows<const T> from, Rows<T> to, std::size_t rows, std::size_t length) {
  const auto columns = static_cast<gpu::Index>(length);
  gpu::for_each(context, rows * length, [=] __device__(gpu::Index i) {
    const gpu::Index row = i / columns, column = i % columns;
    to.data[row * to.step + column] = from.data[row * from.step + column];
  });
}

}  // namespace

Arrays Concat::forward_gpu(const Arrays& xs) {
  Array y = empty_output(xs);
  const Lines lines = lines_along(y.shape(), require_axis(*this, y, axis_));
  visit(y.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto y_step = static_cast<gpu::Index>(lines.length * lines.inner);
    T* out = y.data<T>();
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const std::size_t length = lengths_[i] * lines.inner;
      copy_rows<T>(gpu::Context::of(y), {xs[i].data<T>(), static_cast<gpu::Index>(length)}, {out, y_step},
                   lines.outer, length);
      out += length;
    }
  });
  return {y};
}

Arrays Concat::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  const Lines lines = lines_along(gy.shape(), require_axis(*this, gy, axis_));
  Arrays gxs;
  gxs.resize(xs.size());
  visit_floating(gy.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto gy_step = static_cast<gpu::Index>(lines.length * lines.inner);
    const T* in = gy.data<T>();
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const std::size_t length = lengths_[i] * lines.inner;
      if (needs_grad(i)) {
        gxs[i] = empty_gradient(i, gy);
        copy_rows<T>(gpu::Context::of(gy), {in, gy_step}, {gxs[i].data<T>(), static_cast<gpu::Index>(length)},
                     lines.outer, length);
      }
      in += length;
    }
  });
  return gxs;
}

}  // namespace tenbin
