#include "tenbin/functions/loss/ldam_loss.h"

#include <cmath>

#include "tenbin/core/lines.h"
#include "tenbin/cpu/elementwise.h"
#include "tenbin/functions/loss/detail/batch_loss.h"
#include "tenbin/functions/loss/detail/composed_loss.h"

namespace tenbin {

void LDAMLogits::check(const Arrays& xs) const {
  detail::require_targets(*this, xs[0], xs[1]);
  detail::Named<SoftmaxCrossEntropy>("ldam_loss", SoftmaxCrossEntropyOptions{}).check(xs);
  detail::require_per_class(*this, "margin", margin_, detail::Sign::not_negative, xs[0]);
  if (!(scale_ > 0) || !std::isfinite(scale_))
    throw Error(name(), ": scale must be positive and finite, got ", scale_);
}

Arrays LDAMLogits::forward_cpu(const Arrays& xs) {
  retain_inputs({});
  const Array& x = xs[0];
  const Array margins = margin_.astype(x.dtype()).to(x.device());
  const Lines lines = lines_along(x.shape(), 1);
  Array y = cpu::map([scale = scale_](auto v) { return static_cast<decltype(v)>(scale) * v; }, x);
  detail::visit_scores_and_labels(x, xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    const T scale = static_cast<T>(scale_);
    const auto* labels = xs[1].data<decltype(label_zero)>();
    for (std::size_t p = 0; p < xs[1].size(); ++p) {
      const std::int64_t label = labels[p];
      if (label < 0 || static_cast<std::uint64_t>(label) >= lines.length) continue;
      const std::size_t c = static_cast<std::size_t>(label);
      const std::size_t i = lines.start(p) + c * lines.inner;
      y.data<T>()[i] = scale * (x.data<T>()[i] - margins.data<T>()[c]);
    }
  });
  return {y};
}

Arrays LDAMLogits::backward_cpu(const Arrays&, const Arrays& gys) {
  const auto stretch = [scale = scale_](auto gy) { return static_cast<decltype(gy)>(scale) * gy; };
  return {cpu::map(stretch, gys[0]), Array()};
}

TENBIN_NO_GPU(LDAMLogits);

Variable ldam_loss(const Variable& x, const Variable& t, const Array& margin,
                   SoftmaxCrossEntropyOptions options, double scale) {
  const Variable y = apply<LDAMLogits>({x, t}, margin, scale);
  return detail::apply_loss<detail::Named<SoftmaxCrossEntropy>>({y, t}, "ldam_loss", std::move(options));
}

}  // namespace tenbin
