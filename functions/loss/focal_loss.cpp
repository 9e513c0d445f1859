#include "tenbin/functions/loss/focal_loss.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "tenbin/core/check.h"
#include "tenbin/functions/loss/detail/composed_loss.h"
#include "tenbin/functions/loss/detail/formulas.h"
#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

namespace tenbin {

namespace {

void require_gamma(const char* function, double gamma) {
  if (!(gamma >= 0) || !std::isfinite(gamma))
    throw Error(function, ": gamma must be finite and not negative, got ", gamma);
}

// w[t] s `unit` of every position, 0 where t is ignored. In double: the product may be representable where
// its factors are not.
Array position_weights(const Array& t, std::int64_t ignore_label, const Array& class_weight,
                       const Array& sample_weight, double unit) {
  Array weights = Array::zeros(t.shape(), Dtype::float64);
  visit_integer(t.dtype(), [&](auto zero) {
    const auto* labels = t.data<decltype(zero)>();
    double* weight = weights.data<double>();
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (std::int64_t{labels[i]} == ignore_label) continue;
      weight[i] = (class_weight ? class_weight.data<double>()[static_cast<std::size_t>(labels[i])] : 1) *
                  (sample_weight ? sample_weight.data<double>()[i] : 1) * unit;
    }
  });
  return weights;
}

std::size_t count_valid(const Array& t, std::int64_t ignore_label) {
  return visit_integer(t.dtype(), [&](auto zero) {
    const auto* labels = t.data<decltype(zero)>();
    const auto valid = [=](auto label) { return std::int64_t{label} != ignore_label; };
    return static_cast<std::size_t>(std::count_if(labels, labels + t.size(), valid));
  });
}

// The sums of the losses and of the weights. `losses`: null, or where the loss of every position is stored.
template <class T>
detail::Sums add_up(const T* l, const Array& weights, T gamma, T* losses) {
  const double* const weight = weights.data<double>();
  detail::Sums sums;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double value = detail::weighted_focal(weight[i], l[i], gamma);
    sums.loss += value;
    sums.weight += weight[i];
    if (losses != nullptr) losses[i] = static_cast<T>(value);
  }
  return sums;
}

}  // namespace

void FocalLoss::check(const Arrays& xs) const {
  require_floating(*this, "the cross entropy", xs[0]);
  require_same_shape(*this, "the cross entropy", xs[0], "t", xs[1]);
}

Arrays FocalLoss::forward_cpu(const Arrays& xs) {
  retain_inputs({0});
  const Array& l = xs[0];
  const Array& t = xs[1];
  const std::int64_t ignore_label = detail::ignored_label(options_.ignore_label);
  // Rounded to l's dtype first, as softmax_cross_entropy does.
  const auto as_used = [&](const Array& w) {
    return w.to(l.device()).astype(l.dtype()).astype(Dtype::float64);
  };
  const Array of_class = as_used(options_.class_weight);
  const Array of_sample = as_used(options_.sample_weight);
  weights_ = position_weights(t, ignore_label, of_class, of_sample, 1);
  exponent_ = 0;

  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : l.shape(), l.dtype());
  const detail::Sums sums = visit_floating(l.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T gamma = static_cast<T>(options_.gamma);
    const detail::Sums plain =
        add_up(l.data<T>(), std::as_const(weights_), gamma, reduces ? nullptr : loss.data<T>());
    if (std::is_same_v<T, float> || !detail::beyond_range(plain, options_.reduce, options_.normalize))
      return plain;
    int down = detail::sum_exponent;
    const Array small_of_class = detail::scaled_down(of_class, 0, down);
    const Array small_of_sample = detail::scaled_down(of_sample, 0, down);
    const Array small = position_weights(t, ignore_label, small_of_class, small_of_sample,
                                         std::ldexp(1, -detail::sum_exponent));
    const detail::Sums again = add_up<T>(l.data<T>(), small, gamma, nullptr);
    const bool divided = detail::divides_by_weights(options_.reduce, options_.normalize);
    if (divided && !std::isnormal(again.weight)) return plain;
    weights_ = small;
    if (!divided) exponent_ = down;  // the average does not depend on the scale
    return again;
  });
  const std::size_t batch_size = l.ndim() == 0 ? 1 : l.shape()[0];
  coefficient_ = detail::loss_coefficient(options_.reduce, options_.normalize, batch_size,
                                          count_valid(t, ignore_label), sums.weight);
  if (reduces) loss.fill(coefficient_ == 0 ? 0 : std::ldexp(sums.loss * coefficient_, exponent_));
  return {loss};
}

Arrays FocalLoss::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& l = xs[0];
  const double* weight = weights_.data<double>();
  Array gl = Array::empty_like(l);
  visit_floating(l.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T gamma = static_cast<T>(options_.gamma);
    const T* gy = gys[0].data<T>();
    const std::size_t gy_stride = options_.reduce == Reduce::no ? 1 : 0;
    for (std::size_t i = 0; i < l.size(); ++i) {
      const double scale = static_cast<double>(gy[i * gy_stride]) * coefficient_ * weight[i];
      const double gradient = detail::focal_gradient(scale, l.data<T>()[i], gamma);
      gl.data<T>()[i] = static_cast<T>(exponent_ == 0 ? gradient : std::ldexp(gradient, exponent_));
    }
  });
  return {gl, Array()};
}

TENBIN_NO_GPU(FocalLoss);

Variable softmax_focal_loss(const Variable& x, const Variable& t, const FocalLossOptions& options) {
  using CrossEntropy = detail::Named<SoftmaxCrossEntropy>;
  const char* name = "softmax_focal_loss";
  require_gamma(name, options.gamma);
  if (options.alpha)
    throw Error(name, ": alpha is for sigmoid_focal_loss, pass class_weight; got ", *options.alpha);
  detail::require_targets(name, x.data(), t.data());
  SoftmaxCrossEntropyOptions cross_entropy;
  cross_entropy.normalize = options.normalize;
  cross_entropy.class_weight = options.class_weight;
  cross_entropy.ignore_label = options.ignore_label;
  cross_entropy.reduce = options.reduce;
  cross_entropy.sample_weight = options.sample_weight;
  if (options.gamma == 0) return apply<CrossEntropy>({x, t}, name, cross_entropy);

  CrossEntropy(name, cross_entropy).check({x.data(), t.data()});
  SoftmaxCrossEntropyOptions of_positions;
  of_positions.ignore_label = options.ignore_label;
  of_positions.reduce = Reduce::no;
  return apply<FocalLoss>({apply<CrossEntropy>({x, t}, name, of_positions), t}, name, options);
}

Variable sigmoid_focal_loss(const Variable& x, const Variable& t, const FocalLossOptions& options) {
  using CrossEntropy = detail::Named<SigmoidCrossEntropy>;
  const char* name = "sigmoid_focal_loss";
  require_gamma(name, options.gamma);
  if (options.alpha && options.class_weight) throw Error(name, ": pass alpha or class_weight, not both");
  const double alpha = options.alpha.value_or(0.25);
  if (!(alpha >= 0 && alpha <= 1) && alpha != -1)
    throw Error(name, ": alpha must be in [0, 1], or -1 for none, got ", alpha);
  SigmoidCrossEntropyOptions cross_entropy;
  cross_entropy.normalize = options.normalize != Normalize::batch_size;
  cross_entropy.reduce = options.reduce;
  cross_entropy.ignore_label = options.ignore_label;
  FocalLossOptions focal = options;
  if (!focal.class_weight && alpha != -1) focal.class_weight = Array{1 - alpha, alpha};
  if (options.gamma == 0 && !focal.class_weight && !focal.sample_weight)
    return apply<CrossEntropy>({x, t}, name, cross_entropy);

  CrossEntropy(name, cross_entropy).check({x.data(), t.data()});
  detail::require_weights(name, "class_weight", focal.class_weight, {2}, x.data());
  detail::require_weights(name, "sample_weight", focal.sample_weight, x.shape(), x.data());
  cross_entropy.reduce = Reduce::no;
  return apply<FocalLoss>({apply<CrossEntropy>({x, t}, name, cross_entropy), t}, name, focal);
}

}  // namespace tenbin
