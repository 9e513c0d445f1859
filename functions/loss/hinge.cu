// Not one body for both devices: the error of a label is deferred here, and thrown at once on the CPU.
#include "tenbin/functions/loss/hinge.h"

#include "tenbin/core/detail/labels.h"
#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/functions/loss/detail/hinge_elements.h"

namespace tenbin {

namespace {

template <class T, class Label>
struct HingeLoss {
  detail::HingeElements<T, Label> elements;
  std::size_t n_class;
  T* loss;

  __device__ void operator()(gpu::Index index) const {
    const auto i = static_cast<std::size_t>(index);
    loss[i] = elements.loss(i, elements.sign(i / n_class, i % n_class));
  }
};

template <class T, class Label>
struct HingeGradient {
  detail::HingeElements<T, Label> elements;
  std::size_t n_class;
  const T* gy;
  T* gx;

  __device__ void operator()(gpu::Index index) const {
    const auto i = static_cast<std::size_t>(index);
    gx[i] = elements.gradient(i, elements.sign(i / n_class, i % n_class), gy[i]);
  }
};

}  // namespace

Arrays Hinge::forward_gpu(const Arrays& xs) {
  gpu::Context& context = gpu::Context::of(xs[0]);
  const std::size_t n_class = xs[0].shape()[1];
  DeferredError error(name(), xs[1].shape(), [](const DeferredError& found) {
    detail::require_class(found.function, "t", static_cast<std::size_t>(found.position), found.label,
                          static_cast<std::size_t>(found.bounds[0]));
  });
  error.bounds[0] = static_cast<std::int64_t>(n_class);
  Array losses = Array::empty_like(xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const Label* t = xs[1].data<Label>();
    gpu::require_each(context, error, xs[1].size(), t, detail::IsClass{error.bounds[0]});
    gpu::for_each(context, losses.size(),
                  HingeLoss<T, Label>{{xs[0].data<T>(), t, norm_}, n_class, losses.data<T>()});
  });
  return {losses};
}

Arrays Hinge::backward_gpu(const Arrays& xs, const Arrays& gys) {
  Array gx = new_gradient(0, xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    gpu::for_each(
        gpu::Context::of(xs[0]), gx.size(),
        HingeGradient<T, Label>{
            {xs[0].data<T>(), xs[1].data<Label>(), norm_}, xs[0].shape()[1], gys[0].data<T>(), gx.data<T>()});
  });
  return {gx, Array()};
}

}  // namespace tenbin
