// Not one body for both devices: here one pass computes weights, terms and sums, and the errors of weights
// are deferred. The CPU throws at once, and repeats the sums if one overflows. The formulas are shared
// (detail/formulas.h).
#include "tenbin/functions/loss/focal_loss.h"

#include <utility>

#include "tenbin/core/config.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/functions/loss/detail/formulas.h"
#include "tenbin/functions/loss/detail/loss_sums.cuh"

namespace tenbin {

namespace {

// The cross entropies of all positions, and their labels (as detail/binary_elements.h has its elements). The
// cross entropy has reported invalid labels; here they are ignored.
template <class T, class Label>
struct FocalElements {
  using Scalar = T;

  const T* l;
  const Label* t;
  std::int64_t ignore_label;
  T gamma;
  const T* class_weight;  // null, or n_class of them
  std::size_t n_class;

  __device__ bool is_valid(std::size_t i) const {
    const std::int64_t label = t[i];
    const bool is_class =
        label >= 0 && (class_weight == nullptr || static_cast<std::size_t>(label) < n_class);
    return is_class && label != ignore_label;
  }
  __device__ bool is_wrong(std::size_t) const { return false; }
  __device__ T weight(std::size_t i) const {
    return class_weight == nullptr ? T{1} : class_weight[static_cast<std::size_t>(t[i])];
  }

  __device__ double loss(std::size_t i, double unit) const {
    return detail::weighted_focal(weighted(i, unit), l[i], gamma);
  }
  __device__ T gradient(std::size_t i, double outer) const {
    return static_cast<T>(detail::focal_gradient(weighted(i, outer), l[i], gamma));
  }

 private:
  // In double: the product may be representable where its factors are not.
  __device__ double weighted(std::size_t i, double factor) const {
    return is_valid(i) ? factor * static_cast<double>(weight(i)) : 0;
  }
};

// `options`: with weights on l's device, in its dtype.
template <class F>
void visit_focal_elements(const Arrays& xs, const FocalLossOptions& options, F f) {
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    f(FocalElements<T, Label>{xs[0].data<T>(), xs[1].data<Label>(),
                              detail::ignored_label(options.ignore_label), static_cast<T>(options.gamma),
                              detail::data_or_null<T>(options.class_weight), options.class_weight.size()});
  });
}

}  // namespace

Arrays FocalLoss::forward_gpu(const Arrays& xs) {
  const Array& l = xs[0];
  options_.class_weight = accelerator::constant(options_.class_weight, l.device(), l.dtype());
  options_.sample_weight = options_.sample_weight.astype(l.dtype()).to(l.device());
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : l.shape(), l.dtype(), l.device());
  gradient_ = reduces && config().enable_backprop ? Array::empty_like(l) : Array();
  totals_ = detail::new_totals(l);
  const detail::LossOptions loss_options{options_.reduce, options_.normalize, "class_weight",
                                         options_.class_weight, options_.sample_weight};
  visit_focal_elements(xs, options_, [&](const auto& elements) {
    using Elements = std::decay_t<decltype(elements)>;
    using T = typename Elements::Scalar;
    const auto epilogue = detail::make_loss_epilogue<T>(*this, loss_options, l, loss, totals_);
    const detail::ForwardElement<Elements> element{elements, epilogue.sample_weight,
                                                   reduces ? nullptr : loss.data<T>(),
                                                   gradient_ ? gradient_.data<T>() : nullptr};
    detail::launch_loss(gpu::Context::of(l), gpu::Lanes<1>(), l.size(), element, epilogue);
  });
  return {loss};
}

Arrays FocalLoss::backward_gpu(const Arrays& xs, const Arrays& gys) {
  const Array& l = xs[0];
  const bool is_kept = static_cast<bool>(gradient_);
  Array gl = is_kept ? std::exchange(gradient_, Array()) : Array::empty_like(l);
  visit_focal_elements(xs, options_, [&](const auto& elements) {
    using Elements = std::decay_t<decltype(elements)>;
    using T = typename Elements::Scalar;
    const detail::BackwardElement<Elements> element{elements,
                                                    detail::data_or_null<T>(options_.sample_weight),
                                                    detail::totals_of(std::as_const(totals_)),
                                                    gys[0].data<T>(),
                                                    options_.reduce == Reduce::no,
                                                    is_kept,
                                                    gl.data<T>()};
    detail::launch_gradient(gpu::Context::of(l), gpu::Lanes<1>(), l.size(), element);
  });
  return {gl, Array()};
}

}  // namespace tenbin
