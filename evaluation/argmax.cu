#include "tenbin/evaluation/argmax.h"

#include "tenbin/cuda/lines.cuh"

namespace tenbin::detail {

namespace {

using gpu::Index;

// The largest element found so far, for the argmax of a line.
template <class T>
struct Best {
  T value;
  Index index;  // -1: no element yet
};

// NaN is larger than all numbers, and on ties the first wins: a total order, so the result does not depend on
// how lanes are combined.
struct Better {
  template <class T>
  __device__ Best<T> operator()(Best<T> a, Best<T> b) const {
    if (a.index < 0 || b.index < 0) return a.index < 0 ? b : a;
    const bool a_is_nan = a.value != a.value;
    const bool b_is_nan = b.value != b.value;
    const bool equal = a.value == b.value || (a_is_nan && b_is_nan);
    if (equal) return a.index < b.index ? a : b;
    return a_is_nan || a.value > b.value ? a : b;
  }
};

template <class T>
__device__ Best<T> shuffle_xor(unsigned lanes, Best<T> best, int with) {
  return {gpu::detail::shuffle_xor(lanes, best.value, with),
          gpu::detail::shuffle_xor(lanes, best.index, with)};
}

template <class T>
void argmax_lines(gpu::Context& context, const T* x, std::size_t count, std::size_t n_class,
                  std::size_t stride, OfNan of_nan, std::int64_t* out) {
  const auto length = static_cast<Index>(n_class);
  const auto inner = static_cast<Index>(stride);
  const bool marks_nan = of_nan == OfNan::marked;
  gpu::for_each_line(context, count, n_class, [=] __device__(auto group, Index i) {
    const T* const line = x + i / inner * length * inner + i % inner;
    Best<T> best{0, -1};
    for (Index c = group.rank(); c < length; c += group.width)
      best = Better()(best, Best<T>{line[c * inner], c});
    best = group.reduce(best, Better());
    if (group.rank() == 0) out[i] = marks_nan && best.value != best.value ? Index{nan_class} : best.index;
  });
}

}  // namespace

void argmax_gpu(const Array& x, std::size_t n_class, std::size_t stride, OfNan of_nan, Array& classes) {
  visit_floating(x.dtype(), [&](auto zero) {
    argmax_lines(gpu::Context::of(x), x.data<decltype(zero)>(), classes.size(), n_class, stride, of_nan,
                 classes.data<std::int64_t>());
  });
}

}  // namespace tenbin::detail
