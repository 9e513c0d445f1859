// Not one body for both devices: the error of an id is deferred here, and thrown at once on the CPU.
#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/gather.h"
#include "tenbin/functions/connection/embed_id.h"

namespace tenbin {

namespace {

template <class I>
void report_out_of_range(const DeferredError& error, const Array& ids, gpu::Index rows, bool ignores,
                         std::int64_t ignore_label) {
  gpu::require_each(gpu::Context::of(ids), error, ids.size(), ids.data<I>(), [=] __device__(I id) {
    return (ignores && id == ignore_label) || (id >= 0 && id < rows);
  });
}

// An id that is ignored or out of range becomes `rows`, which W does not have.
template <class I>
void find_rows(const Array& ids, gpu::Index rows, bool ignores, std::int64_t ignore_label, Array& found) {
  const I* const id = ids.data<I>();
  auto* const row = found.data<std::int64_t>();
  gpu::for_each(gpu::Context::of(ids), ids.size(), [=] __device__(gpu::Index i) {
    const bool ignored = ignores && id[i] == ignore_label;
    row[i] = ignored || id[i] < 0 ? rows : id[i];
  });
}

}  // namespace

Arrays EmbedIDFunction::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  retain_inputs({});
  W_shape_ = xs[1].shape();
  const auto rows = static_cast<gpu::Index>(W_shape_[0]);
  const DeferredError error(name(), W_shape_, [](const DeferredError& found) {
    out_of_range(found.label, found.position, found.shape[0]);
  });
  rows_ = Array::empty(x.shape(), Dtype::int64, x.device());
  visit_index(x.dtype(), [&](auto zero) {
    using I = decltype(zero);
    report_out_of_range<I>(error, x, rows, ignore_label_.has_value(), ignore_label_.value_or(0));
    find_rows<I>(x, rows, ignore_label_.has_value(), ignore_label_.value_or(0), rows_);
  });
  return {gpu::gather_rows(xs[1], rows_)};
}

Arrays EmbedIDFunction::backward_gpu(const Arrays&, const Arrays& gys) {
  return {Array(), gpu::add_rows(gys[0], rows_, W_shape_)};
}

}  // namespace tenbin
