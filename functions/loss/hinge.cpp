#include "tenbin/functions/loss/hinge.h"

#include "tenbin/core/check.h"
#include "tenbin/functions/loss/detail/composed_loss.h"
#include "tenbin/functions/loss/detail/hinge_elements.h"
#include "tenbin/functions/loss/detail/reduced.h"

namespace tenbin {

void Hinge::check(const Arrays& xs) const {
  const Array& x = xs[0];
  require_floating(*this, "x", x);
  detail::require_targets(*this, xs[1]);
  if (x.ndim() != 2) throw Error("hinge: x must be (N, C), got ", x);
  if (xs[1].shape() != Shape{x.shape()[0]})
    throw Error("hinge: t must be ", Shape{x.shape()[0]}, " for x ", x, ", got ", xs[1]);
}

Arrays Hinge::forward_cpu(const Arrays& xs) {
  const std::size_t rows = xs[0].shape()[0], n_class = xs[0].shape()[1];
  Array losses = Array::empty_like(xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const detail::HingeElements<T, Label> elements{xs[0].data<T>(), xs[1].data<Label>(), norm_};
    T* loss = losses.data<T>();
    for (std::size_t row = 0; row < rows; ++row) {
      detail::require_class("hinge", "t", row, static_cast<std::int64_t>(elements.t[row]), n_class);
      for (std::size_t c = 0; c < n_class; ++c) {
        const std::size_t i = row * n_class + c;
        loss[i] = elements.loss(i, elements.sign(row, c));
      }
    }
  });
  return {losses};
}

Arrays Hinge::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const std::size_t rows = xs[0].shape()[0], n_class = xs[0].shape()[1];
  Array gx = new_gradient(0, xs[0]);
  detail::visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const detail::HingeElements<T, Label> elements{xs[0].data<T>(), xs[1].data<Label>(), norm_};
    const T* gy = gys[0].data<T>();
    T* out = gx.data<T>();
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t c = 0; c < n_class; ++c) {
        const std::size_t i = row * n_class + c;
        out[i] = elements.gradient(i, elements.sign(row, c), gy[i]);
      }
    }
  });
  return {gx, Array()};
}

TENBIN_NO_GPU(Hinge);

Variable hinge(const Variable& x, const Variable& t, HingeNorm norm, Reduce reduce) {
  const Variable losses = apply<Hinge>({x, t}, norm);
  return reduce == Reduce::no ? losses : detail::reduced(sum(losses, 1), reduce);
}

}  // namespace tenbin
