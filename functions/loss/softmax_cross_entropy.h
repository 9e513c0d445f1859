// Softmax cross entropy with class and sample weights, the main loss of this library.
#pragma once

#include <optional>

#include "tenbin/core/function.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin {

/// The keyword arguments of `softmax_cross_entropy`, in Chainer's order where Chainer has them.
struct SoftmaxCrossEntropyOptions {
  Normalize normalize = Normalize::valid_count;
  /// Compute the gradient in forward, while x is read once; backward multiplies it with gy. (A GPU computes
  /// it again in backward where gy is not 1, and does not compute it in forward with `Reduce::no`.) With
  /// false backward reads x again, and an array of x's size less is kept between forward and backward. The
  /// results are the same to the bit.
  bool cache_score = true;
  /// w, (C,), float32 or float64 on any device, finite and not negative. Empty: ones.
  Array class_weight = {};
  /// Positions with this label are ignored: their logits are not read, and their gradient is 0. Any integer.
  /// By default -1, and on the CPU it is an error if the labels of two classes are -1 and 1 instead of 0
  /// and 1.
  std::optional<std::int64_t> ignore_label = {};
  Reduce reduce = Reduce::mean;
  /// s, of t's shape (without the class axis), float32 or float64, finite and not negative. Empty: ones.
  Array sample_weight = {};
  /// The share e in [0, 1) of the target that is spread evenly over all classes.
  double label_smoothing = 0;
};

/// See `softmax_cross_entropy`. Usable without a graph too:
///
///     SoftmaxCrossEntropy loss({.class_weight = w});
///     Arrays ys = loss.forward({x, t});
///     Arrays gxs = loss.backward({x, t}, {Array::scalar(1)});
class SoftmaxCrossEntropy : public Function {
 public:
  explicit SoftmaxCrossEntropy(SoftmaxCrossEntropyOptions options = {}) : options_(std::move(options)) {}

  std::string name() const override { return "softmax_cross_entropy"; }
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
  void check_gradient(const Array& x, const Array& gy) const;

  SoftmaxCrossEntropyOptions options_;
  // What forward stores for backward.
  Array gradient_;                     // for gy = 1, if cache_score
  bool gradient_keeps_digits_ = true;  // if it is multiplied with any gy; not on a GPU
  // The weights whose sum is the divisor: those of the options, in x's dtype, or scaled. Not on a GPU.
  Array class_weight_, sample_weight_;
  std::optional<double> coefficient_;  // one over the divisor
  double loss_ = 0;
  Array totals_;  // on a GPU: these two numbers
};

/// Cross entropy between softmax(x) and the labels t, weighted by class and by sample.
///
///     z      = log softmax(x) over axis 1, computed as (x - max) - log(sum(exp(x - max)))
///     loss_i = -w[t_i] s_i z[i, t_i],  and 0 where t_i is `ignore_label`
///     loss   = sum_i loss_i / divisor                  (Reduce::mean; see `Normalize` for the divisor)
///     dloss/dx[i, c] = w[t_i] s_i (softmax(x)[i, c] - [c = t_i]) / divisor
///
/// x: (N, C, d1, ...) float32 or float64. t: (N, d1, ...) int32, int64 or uint8. The loss: x's dtype, a
/// scalar, or t's shape for `Reduce::no`. The weights are part of the divisor with `Normalize::weight_sum`
/// only.
///
/// Soft targets: t of x's shape and dtype holds q[i, c], and
///
///     loss_i = -s_i sum_c w[c] q[i, c] z[i, c]
///
/// Rows need not sum to one; a row of zeros is ignored. In `weight_sum`, sum_c w[c] q[i, c] replaces w[t_i].
/// t gets a gradient if it requires one.
///
/// Label smoothing replaces q (for a label: its one-hot row) by (1 - e) q + e / C. With class weights the
/// spread part is weighted too, as in PyTorch: every sample then increases the probability of a class with a
/// large weight, so with large weights prefer a small e. `weight_sum` uses the q before smoothing.
///
/// With every label ignored, an empty batch or a divisor of 0 the loss and the gradient are 0. A loss beyond
/// the range of the dtype is infinite; weights whose product is beyond it do not change a gradient of 0. The
/// sums of losses and of weights may exceed the range of the dtype before they are divided. (On a GPU, a sum
/// of float64 losses above 1.8e308 is infinite, and such a sum of weights is taken as a divisor of 0.)
/// Positions that are ignored, and terms whose weight is 0, are left out rather than multiplied by 0, so
/// their logits may be NaN or infinite.
///
/// Errors: a label outside [0, C) that is not `ignore_label`, with its position; labels -1 and 1 of two
/// classes, unless `ignore_label` is passed; shapes, dtypes and lengths that do not fit; weights that are
/// negative or not finite; C = 0; smoothing outside [0, 1).
///
/// After Chainer's `softmax_cross_entropy`, with the same results; where Chainer loses digits (logits beyond
/// 1e4) or ignores an option (soft targets), this function does not.
///
///     Variable loss = softmax_cross_entropy(y, t, {.class_weight = w, .ignore_label = 255});
Variable softmax_cross_entropy(const Variable& x, const Variable& t, SoftmaxCrossEntropyOptions options = {});

}  // namespace tenbin
