// Not one body for both devices: here one pass adds up the terms and finds invalid labels, whose error is
// deferred. The CPU checks the labels first and throws at once. The formulas are shared
// (detail/binary_elements.h).
#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include <utility>

#include "tenbin/functions/loss/detail/binary_elements.h"
#include "tenbin/functions/loss/detail/kept_gradient.h"
#include "tenbin/functions/loss/detail/loss_sums.cuh"

namespace tenbin {

Arrays SigmoidCrossEntropy::forward_gpu(const Arrays& xs) {
  const Array& x = xs[0];
  pos_weight_ = accelerator::constant(options_.pos_weight, x.device(), x.dtype());
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : x.shape(), x.dtype(), x.device());
  gradient_ = reduces && may_run_backward() ? Array::empty_like(x) : Array();
  totals_ = detail::new_totals(x);
  const detail::LossOptions loss_options{options_.reduce,
                                         options_.normalize ? Normalize::valid_count : Normalize::batch_size,
                                         "pos_weight", pos_weight_, Array()};
  detail::visit_elements(xs, pos_weight_, options_.ignore_label, [&](const auto& elements) {
    using Elements = std::decay_t<decltype(elements)>;
    using T = typename Elements::Scalar;
    const auto epilogue =
        detail::make_loss_epilogue<T>(*this, loss_options, x, loss, totals_,
                                      detail::invalid_binary_label_error(name(), elements.ignore_label));
    const detail::ForwardElement<Elements> element{elements, nullptr, reduces ? nullptr : loss.data<T>(),
                                                   gradient_ ? gradient_.data<T>() : nullptr};
    detail::launch_loss(gpu::Context::of(x), gpu::Lanes<1>(), x.size(), element, epilogue);
  });
  return {loss};
}

Arrays SigmoidCrossEntropy::backward_gpu(const Arrays& xs, const Arrays& gys) {
  if (!totals_) forward_gpu(xs);
  Array gx = detail::take_kept_gradient(*this, gradient_, xs[0]);
  const bool is_kept = static_cast<bool>(gx);
  if (!is_kept) gx = new_gradient(0, xs[0]);
  detail::visit_elements(xs, pos_weight_, options_.ignore_label, [&](const auto& elements) {
    using Elements = std::decay_t<decltype(elements)>;
    using T = typename Elements::Scalar;
    const detail::BackwardElement<Elements> element{elements,
                                                    nullptr,
                                                    detail::totals_of(std::as_const(totals_)),
                                                    gys[0].data<T>(),
                                                    options_.reduce == Reduce::no,
                                                    is_kept,
                                                    gx.data<T>()};
    detail::launch_gradient(gpu::Context::of(xs[0]), gpu::Lanes<1>(), xs[0].size(), element);
  });
  return {gx, Array()};
}

}  // namespace tenbin
