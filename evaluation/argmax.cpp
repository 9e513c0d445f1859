#include "tenbin/evaluation/argmax.h"

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/without_cuda.h"

namespace tenbin {

namespace {

// The index of the largest of n_class elements with the given stride, the first on ties; NaN counts as
// largest.
template <class T>
std::size_t argmax_along(const T* x, std::size_t n_class, std::size_t stride) {
  std::size_t best = 0;
  for (std::size_t c = 1; c < n_class; ++c) {
    const T largest = x[best * stride];
    if (largest != largest) break;
    if (!(x[c * stride] <= largest)) best = c;
  }
  return best;
}

}  // namespace

Array detail::argmax(const Array& x, OfNan of_nan) {
  if (!x || !is_floating(x.dtype()) || x.ndim() < 2 || x.shape()[1] == 0)
    throw Error("argmax: x must be float32 or float64 of shape (N, C, ...) with C > 0, got ", x);
  const std::size_t n_class = x.shape()[1];
  Array classes = Array::empty(without_axis_1(x.shape()), Dtype::int64, x.device());
  if (classes.size() == 0) return classes;
  const std::size_t inner = classes.size() / x.shape()[0];
  if (!x.device().is_cpu()) {
    argmax_gpu(x, n_class, inner, of_nan, classes);
    return classes;
  }
  std::int64_t* out = classes.data<std::int64_t>();
  visit_floating(x.dtype(), [&](auto zero) {
    const auto* values = x.data<decltype(zero)>();
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto* first = values + i / inner * n_class * inner + i % inner;
      const std::size_t best = argmax_along(first, n_class, inner);
      const bool is_nan = first[best * inner] != first[best * inner];
      out[i] = is_nan && of_nan == OfNan::marked ? nan_class : static_cast<std::int64_t>(best);
    }
  });
  return classes;
}

Array argmax(const Array& x) { return detail::argmax(x, detail::OfNan::largest); }

TENBIN_WITHOUT_CUDA(void detail::argmax_gpu(const Array&, std::size_t, std::size_t, OfNan, Array&) {
  detail::no_cuda("argmax");
})

}  // namespace tenbin
