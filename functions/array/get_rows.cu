// Not one body for both devices: the error of an index is deferred here, and thrown at once on the CPU.
#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/gather.h"
#include "tenbin/functions/array/get_rows.h"

namespace tenbin {

namespace {

template <class I>
void report_out_of_range(const DeferredError& error, const Array& indices, gpu::Index rows) {
  gpu::require_each(gpu::Context::of(indices), error, indices.size(), indices.data<I>(),
                    [=] __device__(I index) { return index >= -rows && index < rows; });
}

}  // namespace

Arrays GetRows::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  const Array& indices = xs[1];
  retain_inputs({1});
  x_shape_ = x.shape();
  const auto rows = static_cast<gpu::Index>(x.shape()[0]);
  const DeferredError error(name(), x.shape(), [](const DeferredError& found) {
    out_of_range(found.label, found.position, found.shape[0]);
  });
  visit_index(indices.dtype(), [&](auto zero) { report_out_of_range<decltype(zero)>(error, indices, rows); });
  return {gpu::gather_rows(x, indices)};
}

Arrays GetRows::backward_gpu(const Arrays& xs, const Arrays& gys) {
  return {gpu::add_rows(gys[0], xs[1], x_shape_), Array()};
}

}  // namespace tenbin
