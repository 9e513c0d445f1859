// Not one body for both devices: a group of threads for each sum, in place of loops over tiles.
#include "tenbin/cuda/lines.cuh"
#include "tenbin/cuda/reduce.h"
#include "tenbin/functions/connection/sparse_linear.h"

namespace tenbin {

namespace {

using gpu::Index;

// A group for each element of y.
template <class T>
void multiply(const CsrMatrix& x, const Array& W_array, const Array* b_array, Array& y_array) {
  const std::size_t rows = x.shape()[0];
  if (y_array.size() == 0) return;
  const auto columns = static_cast<Index>(x.shape()[1]), out = static_cast<Index>(W_array.shape()[0]);
  const T* const value = x.data().data<T>();
  const auto* const column = x.indices().data<std::int32_t>();
  const auto* const start = x.indptr().data<std::int64_t>();
  const T* const W = W_array.data<T>();
  const T* const b = b_array == nullptr ? nullptr : b_array->data<T>();
  T* const y = y_array.data<T>();
  gpu::for_each_line(gpu::Context::of(y_array), y_array.size(), x.nnz() / rows,
                     [=] __device__(auto group, Index i) {
                       const Index row = i / out, o = i % out;
                       T sum = 0;
                       for (Index k = start[row] + group.rank(); k < start[row + 1]; k += group.width)
                         sum += value[k] * W[o * columns + column[k]];
                       sum = group.reduce(sum, gpu::Plus());
                       if (group.rank() == 0) y[i] = b == nullptr ? sum : sum + b[o];
                     });
}

// A warp for each row of gW: it adds the rows of x one after the other, in which no column occurs twice, so
// that the order of every sum is fixed without atomics.
template <class T>
void weight_gradient(const CsrMatrix& x, const Array& gy_array, Array& gW_array) {
  using Warp = gpu::Lanes<32>;
  gW_array.fill(0);
  if (gW_array.size() == 0 || x.nnz() == 0) return;
  const auto rows = static_cast<Index>(x.shape()[0]), columns = static_cast<Index>(x.shape()[1]);
  const auto out = static_cast<Index>(gy_array.shape()[1]);
  const T* const value = x.data().data<T>();
  const auto* const column = x.indices().data<std::int32_t>();
  const auto* const start = x.indptr().data<std::int64_t>();
  const T* const gy = gy_array.data<T>();
  T* const gW = gW_array.data<T>();
  const auto add_rows = [=] __device__(auto, Index o) {
    for (Index row = 0; row < rows; ++row) {
      const T factor = gy[row * out + o];
      for (Index k = start[row] + Warp::rank(); k < start[row + 1]; k += Warp::width)
        gW[o * columns + column[k]] += factor * value[k];
      __syncwarp();
    }
  };
  const gpu::Launch launch(gpu::Context::of(gy_array),
                           gpu::grid_for_lines<Warp>(static_cast<std::size_t>(out)), gpu::block_threads);
  launch(gpu::detail::for_each_line_kernel<Warp, decltype(add_rows)>, out, add_rows);
}

}  // namespace

Arrays SparseLinearFunction::forward_gpu(const Arrays& xs) {
  const Array& W = xs[0];
  gpu::require_not_capturing("a product with a CsrMatrix, whose number of values changes,");
  retain_inputs({0});  // for the shape
  Array y = Array::empty({x_.shape()[0], W.shape()[0]}, x_.dtype(), x_.device());
  visit_floating(x_.dtype(),
                 [&](auto zero) { multiply<decltype(zero)>(x_, W, xs.size() == 2 ? &xs[1] : nullptr, y); });
  return {y};
}

Arrays SparseLinearFunction::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& gy = gys[0];
  Arrays gxs;
  gxs.resize(xs.size());
  if (needs_grad(0)) {
    gxs[0] = new_gradient(0, xs[0]);
    visit_floating(gy.dtype(), [&](auto zero) { weight_gradient<decltype(zero)>(x_, gy, gxs[0]); });
  }
  if (xs.size() == 2 && needs_grad(1)) {
    gxs[1] = new_gradient(1, xs[1]);
    gpu::sum_middle(gy, 1, gy.shape()[0], gy.shape()[1], gxs[1]);
  }
  return gxs;
}

}  // namespace tenbin
