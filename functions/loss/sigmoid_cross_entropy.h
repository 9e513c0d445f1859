// Cross entropy of independent binary labels.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "tenbin/core/function.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin {

/// Options of `sigmoid_cross_entropy`, in Chainer's order; `pos_weight` is PyTorch's.
struct SigmoidCrossEntropyOptions {
  /// What `Reduce::mean` divides by, at least 1: the number of elements that are not ignored (true), or the
  /// length of the first axis (false).
  bool normalize = true;
  /// `Reduce::no` gives a loss per element.
  Reduce reduce = Reduce::mean;
  /// Elements with this label count for nothing; the comparison comes before any other use of the label.
  /// None: -1, and on the CPU it is an error if all labels are -1 and 1 instead of 0 and 1.
  std::optional<std::int64_t> ignore_label = {};
  /// w, what an element with label 1 weighs, where one with label 0 weighs 1: one number, or one per class
  /// along axis 1. float32 or float64 on any device, finite and not negative. None: ones.
  Array pos_weight = {};
};

class SigmoidCrossEntropy : public Function {
 public:
  explicit SigmoidCrossEntropy(SigmoidCrossEntropyOptions options = {}) : options_(std::move(options)) {}

  std::string name() const override { return "sigmoid_cross_entropy"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  SigmoidCrossEntropyOptions options_;
  double divisor_ = 1;
  Array totals_;  // on a GPU: one over it, and the loss
};

/// Cross entropy of labels 0 and 1 under the probabilities sigmoid(x), each element for itself:
///
///     loss = w log(1 + exp(-x)) where t is 1, log(1 + exp(x)) where t is 0, 0 where t is ignored
///
/// computed without overflow; what the elements add up to before they are divided may be beyond the dtype (on
/// a GPU: up to 1.8e308). Ignored elements, and those whose weight is 0, are selected away: NaN there
/// does no harm. If all are ignored, or there are none, the loss and its gradient are 0. (Chainer:
/// `F.sigmoid_cross_entropy`; with weights PyTorch's `BCEWithLogitsLoss(pos_weight)`.)
///
/// `pos_weight` w = (number of 0) / (number of 1) lets both answers pull equally hard. It does not enter the
/// divisor of the mean, and it shifts the answers: the odds that come out are w times the true ones.
///
/// x: any shape, float32 or float64; t: the same shape, int32, int64 or uint8. The loss: a scalar, or of that
/// shape with `Reduce::no`; the dtype of x.
///
/// Errors: x and t differ in shape; a label other than 0, 1 and `ignore_label`, naming its position in
/// row-major order and its value; labels -1 and 1 alone, unless `ignore_label` is passed; a `pos_weight` that
/// does not fit, or is negative or not finite.
///
///     Variable loss = sigmoid_cross_entropy(model(x), t);     // x and t: (N, number of labels)
///     Variable loss = sigmoid_cross_entropy(model(x), t, {.pos_weight = Array{19.f}});     // 5% positive
inline Variable sigmoid_cross_entropy(const Variable& x, const Variable& t,
                                      SigmoidCrossEntropyOptions options = {}) {
  return apply<SigmoidCrossEntropy>({x, t}, std::move(options));
}

}  // namespace tenbin
