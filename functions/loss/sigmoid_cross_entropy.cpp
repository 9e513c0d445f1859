#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/functions/loss/formulas.h"
#include "tenbin/functions/loss/loss_support.h"

namespace tenbin {

namespace {

using detail::sigmoid;
using detail::softplus;

// How many elements count. Errors: an invalid label.
template <class Label>
std::size_t count_valid(const Function& function, const Label* t, std::size_t size,
                        const std::optional<std::int64_t>& ignore_option) {
  const std::int64_t ignore_label = detail::ignored(ignore_option);
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (t[i] == ignore_label) continue;
    if (t[i] != 0 && t[i] != 1) {
      gpu::Fault fault = detail::binary_label_fault(function, ignore_label);
      fault.position = static_cast<std::int64_t>(i);
      fault.label = t[i];
      fault.raise(fault);
    }
    ++count;
  }
  detail::require_no_signs(function, t, size, ignore_option);
  return count;
}

// Calls `f` with the elements' pointers in their own types.
template <class F>
void visit_both(const Array& x, const Array& t, F f) {
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    visit_integer(t.dtype(), [&](auto label_zero) { f(x.data<T>(), t.data<decltype(label_zero)>()); });
  });
}

// What the elements weigh: those with label 0, one.
template <class T>
class ElementWeights {
 public:
  ElementWeights(const Array& pos_weight, const Array& x)
      : weights_(pos_weight.to(x.device()).astype(x.dtype())) {
    if (!weights_) return;
    values_ = weights_.data<T>();
    count_ = weights_.size();
    for (std::size_t axis = 2; axis < x.ndim(); ++axis) inner_ *= x.shape()[axis];
  }

  T of(bool is_positive, std::size_t i) const {
    return is_positive && values_ != nullptr ? values_[i / inner_ % count_] : T{1};
  }

 private:
  Array weights_;  // one, or one per class
  const T* values_ = nullptr;
  std::size_t count_ = 1;
  std::size_t inner_ = 1;
};

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
  if (!weight.device().is_cpu() && !x.device().is_cpu()) return;  // the kernels look at it
  detail::require_finite(*this, "pos_weight", weight, detail::Sign::not_negative, x);
}

Arrays SigmoidCrossEntropy::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : x.shape(), x.dtype());
  visit_both(x, xs[1], [&](const auto* logit, const auto* t) {
    using T = std::decay_t<decltype(*logit)>;
    const std::size_t valid = count_valid(*this, t, x.size(), options_.ignore_label);
    const ElementWeights<T> weights(options_.pos_weight, x);
    if (options_.reduce == Reduce::mean) {
      const std::size_t batch_size = x.ndim() == 0 ? 1 : x.shape()[0];
      divisor_ = static_cast<double>(std::max<std::size_t>(options_.normalize ? valid : batch_size, 1));
    }
    const std::int64_t ignore_label = detail::ignored(options_.ignore_label);
    T* out = loss.data<T>();
    // The sum, with all weights times `unit`.
    const auto add_up = [&](double unit) {
      double sum = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const T weight = t[i] == ignore_label ? T{0} : weights.of(t[i] == 1, i);
        const T value = weight == 0 ? T{0} : softplus(t[i] == 1 ? -logit[i] : logit[i]);
        const double weighted = static_cast<double>(weight) * unit * static_cast<double>(value);
        if (reduces) {
          sum += weighted;
        } else {
          out[i] = static_cast<T>(weighted);
        }
      }
      return sum;
    };
    double mean = add_up(1) / divisor_;
    if (reduces && !std::isfinite(mean))
      mean = std::ldexp(add_up(std::ldexp(1, -detail::sum_exponent)) / divisor_, detail::sum_exponent);
    if (reduces) *out = static_cast<T>(mean);
  });
  return {loss};
}

Arrays SigmoidCrossEntropy::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  Array gx = new_gradient(0, x);
  visit_both(x, xs[1], [&](const auto* logit, const auto* t) {
    using T = std::decay_t<decltype(*logit)>;
    const T* gy = gys[0].data<T>();
    const std::size_t gy_stride = options_.reduce == Reduce::no ? 1 : 0;
    const ElementWeights<T> weights(options_.pos_weight, x);
    const std::int64_t ignore_label = detail::ignored(options_.ignore_label);
    T* out = gx.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T scale = gy[i * gy_stride] / static_cast<T>(divisor_) * weights.of(t[i] == 1, i);
      if (t[i] == ignore_label || scale == 0) {
        out[i] = 0;
      } else {
        const T slope = t[i] == 1 ? -sigmoid(-logit[i]) : sigmoid(logit[i]);
        out[i] = detail::fits<T>(static_cast<double>(scale))
                     ? scale * slope
                     : detail::scaled(slope, static_cast<double>(gy[i * gy_stride]) / divisor_,
                                      static_cast<double>(weights.of(t[i] == 1, i)));
      }
    }
  });
  return {gx, Array()};
}

TENBIN_NO_GPU(SigmoidCrossEntropy);

}  // namespace tenbin
