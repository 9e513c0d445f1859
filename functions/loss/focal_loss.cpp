#include "tenbin/functions/loss/focal_loss.h"

#include <cmath>

#include "tenbin/core/check.h"
#include "tenbin/functions/loss/formulas.h"
#include "tenbin/functions/loss/loss_support.h"
#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

namespace tenbin {

namespace {

void require_gamma(const char* function, double gamma) {
  if (!(gamma >= 0) || !std::isfinite(gamma))
    throw Error(function, ": gamma must be finite and not negative, got ", gamma);
}

// w[t] s of every position, 0 where t is ignored, in double: the product may be representable where its parts
// are not. `valid_count` receives the number of the others.
Array position_weights(const Array& t, Dtype dtype, const SoftmaxFocalLossOptions& options,
                       std::size_t& valid_count) {
  // Through `dtype`, so that they are the numbers that softmax_cross_entropy would use.
  const auto as_used = [&](const Array& w) { return w.to(t.device()).astype(dtype).astype(Dtype::float64); };
  const Array of_class = as_used(options.class_weight);
  const Array of_sample = as_used(options.sample_weight);
  Array weights = Array::zeros(t.shape(), Dtype::float64);
  const std::int64_t ignore_label = detail::ignored(options.ignore_label);
  valid_count = 0;
  visit_integer(t.dtype(), [&](auto zero) {
    const auto* labels = t.data<decltype(zero)>();
    double* weight = weights.data<double>();
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (std::int64_t{labels[i]} == ignore_label) continue;
      ++valid_count;
      weight[i] = (of_class ? of_class.data<double>()[static_cast<std::size_t>(labels[i])] : 1) *
                  (of_sample ? of_sample.data<double>()[i] : 1);
    }
  });
  return weights;
}

}  // namespace

void FocalLoss::check(const Arrays& xs) const {
  require_floating(*this, "the cross entropy", xs[0]);
  require_same_shape(*this, "the cross entropy", xs[0], "t", xs[1]);
}

Arrays FocalLoss::forward_cpu(const Arrays& xs) {
  retain_inputs({0});
  const Array& l = xs[0];
  std::size_t valid_count = 0;
  weights_ = position_weights(xs[1], l.dtype(), options_, valid_count);
  const double* weight = weights_.data<double>();

  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : l.shape(), l.dtype());
  double sum = 0;
  double weight_sum = 0;
  visit_floating(l.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T gamma = static_cast<T>(options_.gamma);
    for (std::size_t i = 0; i < l.size(); ++i) {
      // Selected, not multiplied by 0: l may be infinite.
      const double value =
          weight[i] == 0 ? 0 : weight[i] * static_cast<double>(detail::focal(l.data<T>()[i], gamma).value);
      sum += value;
      weight_sum += weight[i];
      if (!reduces) loss.data<T>()[i] = static_cast<T>(value);
    }
  });
  const std::size_t batch_size = l.ndim() == 0 ? 1 : l.shape()[0];
  coefficient_ =
      detail::loss_coefficient(options_.reduce, options_.normalize, batch_size, valid_count, weight_sum);
  if (reduces) loss.fill(coefficient_ == 0 ? 0 : sum * coefficient_);
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
      // A factor of 0 leaves the position out, as in forward: the slope may be NaN.
      const double slope = scale == 0 ? 0 : static_cast<double>(detail::focal(l.data<T>()[i], gamma).slope);
      gl.data<T>()[i] = static_cast<T>(scale * slope);
    }
  });
  return {gl, Array()};
}

TENBIN_NO_GPU(FocalLoss);

Variable softmax_focal_loss(const Variable& x, const Variable& t, const SoftmaxFocalLossOptions& options) {
  using CrossEntropy = detail::Named<SoftmaxCrossEntropy>;
  const char* name = "softmax_focal_loss";
  require_gamma(name, options.gamma);
  detail::require_targets(name, x.data(), t.data());
  SoftmaxCrossEntropyOptions whole;
  whole.normalize = options.normalize;
  whole.class_weight = options.class_weight;
  whole.ignore_label = options.ignore_label;
  whole.reduce = options.reduce;
  whole.sample_weight = options.sample_weight;
  if (options.gamma == 0) return apply<CrossEntropy>({x, t}, name, whole);
  CrossEntropy(name, whole).check({x.data(), t.data()});

  SoftmaxCrossEntropyOptions by_position;
  by_position.ignore_label = options.ignore_label;
  by_position.reduce = Reduce::no;
  return apply<FocalLoss>({apply<CrossEntropy>({x, t}, name, by_position), t}, name, options);
}

Variable sigmoid_focal_loss(const Variable& x, const Variable& t, const SigmoidFocalLossOptions& options) {
  using CrossEntropy = detail::Named<SigmoidCrossEntropy>;
  const char* name = "sigmoid_focal_loss";
  require_gamma(name, options.gamma);
  if (!(options.alpha >= 0 && options.alpha <= 1) && options.alpha != -1)
    throw Error(name, ": alpha must be in [0, 1], or -1 for none, got ", options.alpha);
  SigmoidCrossEntropyOptions cross_entropy;
  cross_entropy.normalize = options.normalize;
  cross_entropy.reduce = options.reduce;
  cross_entropy.ignore_label = options.ignore_label;
  if (options.gamma == 0 && options.alpha == -1) return apply<CrossEntropy>({x, t}, name, cross_entropy);

  cross_entropy.reduce = Reduce::no;
  SoftmaxFocalLossOptions focal;
  focal.gamma = options.gamma;
  focal.normalize = options.normalize ? Normalize::valid_count : Normalize::batch_size;
  if (options.alpha != -1) focal.class_weight = Array{1 - options.alpha, options.alpha};
  focal.ignore_label = options.ignore_label;
  focal.reduce = options.reduce;
  return apply<FocalLoss>({apply<CrossEntropy>({x, t}, name, cross_entropy), t}, name, focal);
}

}  // namespace tenbin
