// Not one body for both devices: this is one pass over all elements. The CPU scales them in a vectorised pass
// and then changes one element per label.
#include "tenbin/functions/loss/ldam_loss.h"

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/core/lines.h"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/lines.cuh"

namespace tenbin {

namespace {

using gpu::Index;

template <class T, class Label>
struct SubtractMargin {
  const T* x;
  const Label* labels;
  Lines lines;
  const T* margins;
  T scale;
  T* y;

  template <class Group>
  __device__ void operator()(Group group, Index line) const {
    const auto label = static_cast<std::size_t>(Index{labels[line]});
    const std::size_t start = lines.start(static_cast<std::size_t>(line));
    for (std::size_t c = group.rank(); c < lines.length; c += Group::width) {
      const std::size_t i = start + c * lines.inner;
      y[i] = scale * (c == label ? x[i] - margins[c] : x[i]);
    }
  }
};

}  // namespace

Arrays LDAMLogits::forward_gpu(const Arrays& xs) {
  retain_inputs({});
  const Array& x = xs[0];
  const Array margins = accelerator::constant(margin_, x.device(), x.dtype());
  const Lines lines = lines_along(x.shape(), 1);
  Array y = Array::empty_like(x);
  detail::visit_scores_and_labels(x, xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    gpu::for_each_line(gpu::Context::of(x), lines.count(), gpu::line_length(lines),
                       SubtractMargin<T, Label>{x.data<T>(), xs[1].data<Label>(), lines, margins.data<T>(),
                                                static_cast<T>(scale_), y.data<T>()});
  });
  return {y};
}

Arrays LDAMLogits::backward_gpu(const Arrays&, const Arrays& gys) {
  const auto stretch = [scale = scale_] __device__(auto gy) { return static_cast<decltype(gy)>(scale) * gy; };
  return {gpu::map(stretch, gys[0]), Array()};
}

}  // namespace tenbin
