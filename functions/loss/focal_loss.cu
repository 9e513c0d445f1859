// Not one body for both devices: here one pass computes terms and sums, and the errors of weights are
// deferred. The CPU throws at once, and repeats the sums if one overflows. The elements are shared
// (detail/focal_elements.h).
#include "tenbin/functions/loss/focal_loss.h"

#include <utility>

#include "tenbin/functions/loss/detail/focal_elements.h"
#include "tenbin/functions/loss/detail/kept_gradient.h"
#include "tenbin/functions/loss/detail/loss_sums.cuh"

namespace tenbin {

Arrays FocalLoss::forward_gpu(const Arrays& xs) {
  const Array& l = xs[0];
  options_.class_weight = accelerator::constant(options_.class_weight, l.device(), l.dtype());
  options_.sample_weight = options_.sample_weight.astype(l.dtype()).to(l.device());
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : l.shape(), l.dtype(), l.device());
  gradient_ = reduces && may_run_backward() ? Array::empty_like(l) : Array();
  totals_ = detail::new_totals(l);
  const detail::LossOptions loss_options{options_.reduce, options_.normalize, "class_weight",
                                         options_.class_weight, options_.sample_weight};
  detail::visit_focal_elements(
      xs, options_.gamma, options_.class_weight, options_.ignore_label, [&](const auto& elements) {
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
  if (!totals_) forward_gpu(xs);
  Array gl = detail::take_kept_gradient(*this, gradient_, l);
  const bool is_kept = static_cast<bool>(gl);
  if (!is_kept) gl = Array::empty_like(l);
  detail::visit_focal_elements(
      xs, options_.gamma, options_.class_weight, options_.ignore_label, [&](const auto& elements) {
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
