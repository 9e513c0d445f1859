// Not one body for both devices: the error of a label is deferred here, and thrown at once on the CPU.
#include "tenbin/functions/loss/contrastive.h"

#include "tenbin/core/detail/labels.h"
#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/loss/detail/pair_elements.h"

namespace tenbin {

namespace {

template <class T, class Label>
struct PairLoss {
  detail::PairElements<T, Label> pairs;
  T* loss;

  __device__ void operator()(gpu::Index i) const { loss[i] = pairs.loss(static_cast<std::size_t>(i)); }
};

template <class T, class Label>
struct PairGradient {
  detail::PairElements<T, Label> pairs;
  const T* gy;
  T* gradient;

  __device__ void operator()(gpu::Index i) const {
    gradient[i] = pairs.gradient(static_cast<std::size_t>(i), gy[i]);
  }
};

}  // namespace

Arrays Contrastive::forward_gpu(const Arrays& xs) {
  gpu::Context& context = gpu::Context::of(xs[0]);
  const DeferredError error(name(), xs[1].shape(), [](const DeferredError& found) {
    detail::require_class(found.function, "y", static_cast<std::size_t>(found.position), found.label, 2);
  });
  Array losses = Array::empty_like(xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const Label* label = xs[1].data<Label>();
    gpu::require_each(context, error, losses.size(), label, detail::IsClass{2});
    gpu::for_each(context, losses.size(),
                  PairLoss<T, Label>{{xs[0].data<T>(), label, static_cast<T>(margin_)}, losses.data<T>()});
  });
  return {losses};
}

Arrays Contrastive::backward_gpu(const Arrays& xs, const Arrays& gys) {
  Array gradient = Array::empty_like(xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    gpu::for_each(gpu::Context::of(xs[0]), gradient.size(),
                  PairGradient<T, Label>{{xs[0].data<T>(), xs[1].data<Label>(), static_cast<T>(margin_)},
                                         gys[0].data<T>(),
                                         gradient.data<T>()});
  });
  return {gradient, Array()};
}

}  // namespace tenbin
