// Focal losses: cross entropy with small weights for samples that are already classified well.
#pragma once

#include "tenbin/functions/loss/softmax_cross_entropy.h"

namespace tenbin {

namespace detail {
struct Sums;
}

/// Options of `softmax_focal_loss` and `sigmoid_focal_loss`. All but alpha and gamma are those of
/// `softmax_cross_entropy`, with their meaning.
struct FocalLossOptions {
  /// `sigmoid_focal_loss` only: the weight of label 1, in [0, 1]; label 0 has 1 - alpha. -1: no weights.
  /// By default 0.25, unless there is a `class_weight`.
  std::optional<double> alpha = {};
  /// How fast the loss decreases as p_t grows; at least 0.
  double gamma = 2;
  /// `weight_sum` is the sum of the weights alone, without the factors (1 - p_t)^gamma.
  Normalize normalize = Normalize::valid_count;
  /// w, (C,), float32 or float64 on any device, finite and not negative. Of `sigmoid_focal_loss`: (2,), of
  /// labels 0 and 1. Empty: ones.
  Array class_weight = {};
  /// Positions with this label are ignored: their logits are not read. By default -1.
  std::optional<std::int64_t> ignore_label = {};
  Reduce reduce = Reduce::mean;
  /// s, of t's shape, float32 or float64, finite and not negative. Empty: ones.
  Array sample_weight = {};
};

/// What both focal losses compute from the cross entropy l = -log p_t of every position and its label t:
///
///     loss = w[t] s (1 - p_t)^gamma l,   dloss/dl = w[t] s (1 - p_t)^gamma (1 + gamma p_t l / (1 - p_t))
///
/// As a function of l, nothing here is 0 / 0 or 0 times infinity: 1 - p_t = -expm1(-l) keeps its digits, and
/// l / (1 - p_t) goes to 1 as l goes to 0. Inputs: l and t, of one shape; the cross entropy has checked t.
class FocalLoss : public Function {
 public:
  /// `name`: of the loss that it is a part of. `options.alpha` is not used.
  FocalLoss(const char* name, FocalLossOptions options) : options_(std::move(options)), name_(name) {}

  std::string name() const override { return name_; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

  /// How the loss is reduced, and what its mean was divided by in forward, 0 if there was nothing to divide:
  /// for losses of batches that are cut into shards.
  Reduce reduce() const { return options_.reduce; }
  double divisor() const;

 private:
  detail::Sums add_up(const Arrays& xs, Array& losses, Array& gl);
  detail::Sums add_up_again(const Arrays& xs, const detail::Sums& plain);

  FocalLossOptions options_;
  const char* name_;
  // What forward stores for backward.
  Array gradient_;  // for gy = 1, unless Reduce::no
  // Of the options, in l's dtype, or scaled; then the gradient has to be multiplied by 2^exponent_. Not on a
  // GPU.
  Array class_weight_, sample_weight_;
  int exponent_ = 0;
  std::optional<double> coefficient_;  // one over the divisor; not on a GPU
  Array totals_;                       // on a GPU: the coefficient and the loss
};

/// Softmax cross entropy with small weights for samples that the model already classifies well, so that the
/// many easy samples of a large class do not dominate the few hard samples of a small class:
///
///     p_t    = softmax(x)[i, t_i]                      (never weighted)
///     loss_i = -w[t_i] s_i (1 - p_t)^gamma log p_t,    and 0 where t_i is `ignore_label`
///
/// reduced as `softmax_cross_entropy` does, sums beyond the dtype included. With gamma 0 it is
/// `softmax_cross_entropy`, to the bit. Limits are exact: at p_t = 0 the loss is that of cross entropy, at
/// p_t = 1 it and its gradient are 0, for any gamma. (Lin et al., "Focal Loss for Dense Object Detection",
/// ICCV 2017, there for two classes.)
///
/// Focal loss is for hard samples rather than for rare classes, and its probabilities are too close to 1 / C.
/// For imbalance alone try class weights or `logit_adjusted_cross_entropy` first. Training starts better if
/// the biases of the last layer are the logarithms of the class frequencies.
///
/// x: (N, C, d1, ...) float32 or float64. t: (N, d1, ...) int32, int64 or uint8. The loss: x's dtype, a
/// scalar, or t's shape for `Reduce::no`.
///
/// Errors: those of `softmax_cross_entropy`; targets that are not labels; a gamma that is negative or not
/// finite; an alpha.
///
///     Variable loss = softmax_focal_loss(model(x), t, {.gamma = 2, .class_weight = w});
Variable softmax_focal_loss(const Variable& x, const Variable& t, const FocalLossOptions& options = {});

/// The same for independent binary labels, as `sigmoid_cross_entropy` takes them:
///
///     p_t  = sigmoid(x) where t is 1, 1 - sigmoid(x) where t is 0
///     loss = -alpha_t s (1 - p_t)^gamma log p_t,    alpha_t = alpha where t is 1, 1 - alpha where t is 0
///
/// `class_weight` can take the place of alpha: alpha_t is then its element t. Defaults are those of
/// torchvision's `sigmoid_focal_loss`, but for the reduction: there it is 'none', here the mean over the
/// elements that are not ignored. (The paper divides the sum by the number of positive elements:
/// `Reduce::sum`, then divide.) With gamma 0, alpha -1 and no `sample_weight` it is `sigmoid_cross_entropy`,
/// to the bit.
///
/// x: any shape, float32 or float64; t: the same shape, int32, int64 or uint8. The loss: a scalar, or of that
/// shape with `Reduce::no`; the dtype of x.
///
/// Errors: those of `sigmoid_cross_entropy`; an alpha that is neither in [0, 1] nor -1; both alpha and
/// `class_weight`; a gamma that is negative or not finite; weights that do not fit.
///
///     Variable loss = sigmoid_focal_loss(model(x), t, {.alpha = 0.75});     // the positive ones are rare
Variable sigmoid_focal_loss(const Variable& x, const Variable& t, const FocalLossOptions& options = {});

}  // namespace tenbin
