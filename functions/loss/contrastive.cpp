#include "tenbin/functions/loss/contrastive.h"

#include "tenbin/core/detail/labels.h"
#include "tenbin/functions/loss/detail/composed_loss.h"
#include "tenbin/functions/loss/detail/pair_elements.h"
#include "tenbin/functions/loss/detail/reduced.h"
#include "tenbin/functions/loss/detail/row_distance.h"

namespace tenbin {

void Contrastive::check(const Arrays& xs) const {
  detail::require_labels("contrastive", "y", xs[1]);
  if (xs[1].shape() != xs[0].shape())
    throw Error("contrastive: y must be ", xs[0].shape(), ", a label per row of x0, got ", xs[1]);
}

Arrays Contrastive::forward_cpu(const Arrays& xs) {
  Array losses = Array::empty_like(xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const Label* label = xs[1].data<Label>();
    for (std::size_t i = 0; i < losses.size(); ++i)
      detail::require_class("contrastive", "y", i, static_cast<std::int64_t>(label[i]), 2);
    const detail::PairElements<T, Label> pairs{xs[0].data<T>(), label, static_cast<T>(margin_)};
    T* loss = losses.data<T>();
    for (std::size_t i = 0; i < losses.size(); ++i) loss[i] = pairs.loss(i);
  });
  return {losses};
}

Arrays Contrastive::backward_cpu(const Arrays& xs, const Arrays& gys) {
  Array gradient = Array::empty_like(xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const detail::PairElements<T, Label> pairs{xs[0].data<T>(), xs[1].data<Label>(), static_cast<T>(margin_)};
    const T* gy = gys[0].data<T>();
    T* g = gradient.data<T>();
    for (std::size_t i = 0; i < gradient.size(); ++i) g[i] = pairs.gradient(i, gy[i]);
  });
  return {gradient, Array()};
}

TENBIN_NO_GPU(Contrastive);

Variable contrastive(const Variable& x0, const Variable& x1, const Variable& y, double margin,
                     Reduce reduce) {
  detail::require_margin("contrastive", margin);
  const Variable squared_distance = sum(detail::squared_differences("contrastive", "x0", x0, "x1", x1), 1);
  return detail::reduced(apply<Contrastive>({squared_distance, y}, margin), reduce);
}

}  // namespace tenbin
