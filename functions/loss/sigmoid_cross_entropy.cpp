#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/functions/loss/detail/binary_elements.h"
#include "tenbin/functions/loss/detail/composed_loss.h"

namespace tenbin {

namespace {

// The number of elements that are not ignored. Errors: an invalid label.
template <class Elements>
std::size_t count_valid(const Function& function, const Elements& elements, std::size_t size,
                        const std::optional<std::int64_t>& ignore_option) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (elements.is_wrong(i))
      detail::throw_invalid_binary_label(function.name().c_str(), static_cast<std::int64_t>(i), elements.t[i],
                                         elements.ignore_label);
    count += elements.t[i] != elements.ignore_label ? 1 : 0;
  }
  if (!ignore_option && detail::are_signs(elements.t, size)) detail::refuse_signs(function.name().c_str());
  return count;
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
  const Array pos_weight = options_.pos_weight.to(x.device()).astype(x.dtype());
  detail::visit_elements(xs, pos_weight, options_.ignore_label, [&](const auto& elements) {
    using T = typename std::decay_t<decltype(elements)>::Scalar;
    const std::size_t valid = count_valid(*this, elements, x.size(), options_.ignore_label);
    if (options_.reduce == Reduce::mean) {
      const std::size_t batch_size = x.ndim() == 0 ? 1 : x.shape()[0];
      divisor_ = static_cast<double>(std::max<std::size_t>(options_.normalize ? valid : batch_size, 1));
    }
    T* out = loss.data<T>();
    if (!reduces) {
      for (std::size_t i = 0; i < x.size(); ++i) out[i] = static_cast<T>(elements.loss(i));
      return;
    }
    const auto mean = [&](double unit) {
      double sum = 0;
      for (std::size_t i = 0; i < x.size(); ++i) sum += elements.loss(i, unit);
      return sum / divisor_;
    };
    double value = mean(1);
    if (!std::isfinite(value))
      value = std::ldexp(mean(std::ldexp(1, -detail::sum_exponent)), detail::sum_exponent);
    *out = static_cast<T>(value);
  });
  return {loss};
}

Arrays SigmoidCrossEntropy::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  Array gx = new_gradient(0, x);
  const Array pos_weight = options_.pos_weight.to(x.device()).astype(x.dtype());
  detail::visit_elements(xs, pos_weight, options_.ignore_label, [&](const auto& elements) {
    using T = typename std::decay_t<decltype(elements)>::Scalar;
    const T* gy = gys[0].data<T>();
    const std::size_t gy_stride = options_.reduce == Reduce::no ? 1 : 0;
    T* out = gx.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i)
      out[i] = elements.gradient(i, static_cast<double>(gy[i * gy_stride]) / divisor_);
  });
  return {gx, Array()};
}

TENBIN_NO_GPU(SigmoidCrossEntropy);

}  // namespace tenbin
