#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/cpu/level.h"
#include "tenbin/functions/loss/detail/batch_loss.h"
#include "tenbin/functions/loss/detail/binary_elements.h"
#include "tenbin/functions/loss/detail/composed_loss.h"
#include "tenbin/functions/loss/detail/element_loss.h"
#include "tenbin/functions/loss/detail/kept_gradient.h"

namespace tenbin {

namespace {

// The number of elements that are not ignored. Errors: an invalid label.
template <class Elements>
std::size_t count_valid(const Function& function, const Elements& elements, std::size_t size,
                        const std::optional<std::int64_t>& ignore_option) {
  std::size_t wrong = 0, valid = 0;  // counted, since a loop that ends early is not vectorised
  cpu::at_level([&] {
    std::size_t wrong_sum = 0, valid_sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      wrong_sum += static_cast<std::size_t>(elements.is_wrong(i));
      valid_sum += static_cast<std::size_t>(elements.is_valid(i));
    }
    wrong = wrong_sum;
    valid = valid_sum;
  });
  for (std::size_t i = 0; wrong > 0 && i < size; ++i)
    if (elements.is_wrong(i))
      detail::throw_invalid_binary_label(function.name().c_str(), static_cast<std::int64_t>(i), elements.t[i],
                                         elements.ignore_label);
  if (!ignore_option && detail::are_signs(elements.t, size)) detail::refuse_signs(function.name().c_str());
  return valid;
}

}  // namespace

void SigmoidCrossEntropy::check(const Arrays& xs) const {
  const Array& x = xs[0];
  require_floating(*this, "x", x);
  detail::require_targets(*this, xs[1]);
  require_same_shape(*this, "x", x, "t", xs[1]);
  const Array& weight = options_.pos_weight;
  if (!weight) return;
  const bool is_per_class = x.ndim() >= 2 && weight.shape() == Shape{x.shape()[1]};
  if (!is_floating(weight.dtype()) || (weight.size() != 1 && !is_per_class))
    throw Error(name(), ": pos_weight must be float32 or float64, one number or one per class, got ", weight,
                " for ", x);
  if (!weight.device().is_cpu() && !x.device().is_cpu()) return;  // the kernels check it
  detail::require_finite(*this, "pos_weight", weight, detail::Sign::not_negative, x);
}

Arrays SigmoidCrossEntropy::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : x.shape(), x.dtype());
  gradient_ = reduces && may_run_backward() ? Array::empty_like(x) : Array();
  pos_weight_ = options_.pos_weight.to(x.device()).astype(x.dtype());
  detail::visit_elements(xs, pos_weight_, options_.ignore_label, [&](const auto& elements) {
    using T = typename std::decay_t<decltype(elements)>::Scalar;
    const std::size_t valid = count_valid(*this, elements, x.size(), options_.ignore_label);
    const Normalize normalize = options_.normalize ? Normalize::valid_count : Normalize::batch_size;
    coefficient_ =
        detail::loss_coefficient(options_.reduce, normalize, x.ndim() == 0 ? 1 : x.shape()[0], valid, 0);
    const auto add_up = [&](double unit, T* losses, T* gx) {
      return detail::add_up_elements(elements, x.size(), nullptr, unit, *coefficient_, losses, gx);
    };
    T* const gx = gradient_ ? gradient_.data<T>() : nullptr;
    double value = add_up(1, reduces ? nullptr : loss.data<T>(), gx) * *coefficient_;
    if (!reduces) return;
    if (!std::isfinite(value)) {
      constexpr int down = detail::sum_exponent;
      value = std::ldexp(add_up(std::ldexp(1, -down), nullptr, nullptr) * *coefficient_, down);
    }
    *loss.data<T>() = static_cast<T>(value);
  });
  return {loss};
}

Arrays SigmoidCrossEntropy::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  if (!coefficient_) forward_cpu(xs);
  Array gx = detail::take_kept_gradient(*this, gradient_, x);
  const bool is_kept = static_cast<bool>(gx);
  if (!is_kept) gx = new_gradient(0, x);
  detail::visit_elements(xs, pos_weight_, options_.ignore_label, [&](const auto& elements) {
    using T = typename std::decay_t<decltype(elements)>::Scalar;
    const T* const gy = gys[0].data<T>();
    if (is_kept && *gy == T{1}) return;
    detail::element_gradients(elements, x.size(), nullptr, *coefficient_, gy, options_.reduce == Reduce::no,
                              gx.data<T>());
  });
  return {gx, Array()};
}

double SigmoidCrossEntropy::divisor() const {
  return detail::divisor_of(coefficient_ ? *coefficient_ : totals_.slice(0, 1).item());
}

TENBIN_NO_GPU(SigmoidCrossEntropy);

Variable sigmoid_cross_entropy(const Variable& x, const Variable& t, SigmoidCrossEntropyOptions options) {
  return detail::apply_loss<SigmoidCrossEntropy>({x, t}, std::move(options));
}

}  // namespace tenbin
