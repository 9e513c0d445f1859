#include "tenbin/functions/loss/focal_loss.h"

#include <cmath>
#include <utility>

#include "tenbin/core/check.h"
#include "tenbin/functions/loss/detail/batch_loss.h"
#include "tenbin/functions/loss/detail/composed_loss.h"
#include "tenbin/functions/loss/detail/element_loss.h"
#include "tenbin/functions/loss/detail/focal_elements.h"
#include "tenbin/functions/loss/detail/kept_gradient.h"
#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

namespace tenbin {

namespace {

void require_gamma(const char* function, double gamma) {
  if (!(gamma >= 0) || !std::isfinite(gamma))
    throw Error(function, ": gamma must be finite and not negative, got ", gamma);
}

}  // namespace

void FocalLoss::check(const Arrays& xs) const {
  require_floating(*this, "the cross entropy", xs[0]);
  require_same_shape(*this, "the cross entropy", xs[0], "t", xs[1]);
}

Arrays FocalLoss::forward_cpu(const Arrays& xs) {
  const Array& l = xs[0];
  // Rounded to l's dtype first, as softmax_cross_entropy does.
  class_weight_ = options_.class_weight.to(l.device()).astype(l.dtype());
  sample_weight_ = options_.sample_weight.to(l.device()).astype(l.dtype());
  exponent_ = 0;

  const bool reduces = options_.reduce != Reduce::no;
  Array losses = reduces ? Array() : Array::empty(l.shape(), l.dtype());
  gradient_ = reduces && may_run_backward() ? Array::empty_like(l) : Array();
  detail::Sums sums = add_up(xs, losses, gradient_);
  if (l.dtype() == Dtype::float64 && detail::beyond_range(sums, options_.reduce, options_.normalize))
    sums = add_up_again(xs, sums);
  if (!reduces) return {losses};
  const double loss = *coefficient_ == 0 ? 0 : std::ldexp(sums.loss * *coefficient_, exponent_);
  return {Array::full({}, loss, l.dtype())};
}

// The sums with the weights as they are, and the coefficient. `losses` and the gradient are stored where they
// are not empty.
detail::Sums FocalLoss::add_up(const Arrays& xs, Array& losses, Array& gl) {
  const Array& l = xs[0];
  detail::Sums sums;
  const auto compute = [&](const auto& elements) {
    using T = typename std::decay_t<decltype(elements)>::Scalar;
    const T* const sample_weight = detail::data_or_null<T>(sample_weight_);
    sums = detail::count_elements(elements, l.size(), sample_weight);
    coefficient_ = detail::loss_coefficient(options_.reduce, options_.normalize,
                                            l.ndim() == 0 ? 1 : l.shape()[0], sums.valid, sums.weight);
    sums.loss = detail::add_up_elements(elements, l.size(), sample_weight, 1, *coefficient_,
                                        losses ? losses.data<T>() : nullptr, gl ? gl.data<T>() : nullptr);
  };
  detail::visit_focal_elements(xs, options_.gamma, class_weight_, options_.ignore_label, compute);
  return sums;
}

// Of float64: the sums with smaller weights, if they are not too small then. `plain`: those beyond the range.
detail::Sums FocalLoss::add_up_again(const Arrays& xs, const detail::Sums& plain) {
  int down = 0;
  const Array ones = sample_weight_ ? sample_weight_ : Array::ones(xs[0].shape(), Dtype::float64);
  const Array class_weight = std::exchange(class_weight_, detail::scaled_down(class_weight_, 0, down));
  const Array sample_weight =
      std::exchange(sample_weight_, detail::scaled_down(ones, detail::sum_exponent, down));
  const double coefficient = *coefficient_;
  gradient_ = Array();  // it has another divisor
  Array none;
  const detail::Sums again = add_up(xs, none, none);
  const bool divided = detail::divides_by_weights(options_.reduce, options_.normalize);
  if (divided && !std::isnormal(again.weight)) {
    class_weight_ = class_weight;
    sample_weight_ = sample_weight;
    coefficient_ = coefficient;
    return plain;
  }
  if (!divided) exponent_ = down;  // the average does not depend on the scale
  return again;
}

Arrays FocalLoss::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& l = xs[0];
  if (!coefficient_) forward_cpu(xs);
  Array gl = detail::take_kept_gradient(*this, gradient_, l);
  const bool is_kept = static_cast<bool>(gl);
  if (!is_kept) gl = Array::empty_like(l);
  detail::visit_focal_elements(
      xs, options_.gamma, class_weight_, options_.ignore_label, [&](const auto& elements) {
        using T = typename std::decay_t<decltype(elements)>::Scalar;
        const T* const gy = gys[0].data<T>();
        if (is_kept && *gy == T{1}) return;
        T* const out = gl.data<T>();
        detail::element_gradients(elements, l.size(), detail::data_or_null<T>(sample_weight_), *coefficient_,
                                  gy, options_.reduce == Reduce::no, out);
        for (std::size_t i = 0; exponent_ != 0 && i < l.size(); ++i) out[i] = std::ldexp(out[i], exponent_);
      });
  return {gl, Array()};
}

double FocalLoss::divisor() const {
  return detail::divisor_of(coefficient_ ? *coefficient_ : totals_.slice(0, 1).item());
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
  if (options.gamma == 0) return detail::apply_loss<CrossEntropy>({x, t}, name, cross_entropy);

  CrossEntropy(name, cross_entropy).check({x.data(), t.data()});
  SoftmaxCrossEntropyOptions of_positions;
  of_positions.ignore_label = options.ignore_label;
  of_positions.reduce = Reduce::no;
  return detail::apply_loss<FocalLoss>({apply<CrossEntropy>({x, t}, name, of_positions), t}, name, options);
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
    return detail::apply_loss<CrossEntropy>({x, t}, name, cross_entropy);

  CrossEntropy(name, cross_entropy).check({x.data(), t.data()});
  detail::require_weights(name, "class_weight", focal.class_weight, {2}, x.data());
  detail::require_weights(name, "sample_weight", focal.sample_weight, x.shape(), x.data());
  cross_entropy.reduce = Reduce::no;
  return detail::apply_loss<FocalLoss>({apply<CrossEntropy>({x, t}, name, cross_entropy), t}, name, focal);
}

}  // namespace tenbin
