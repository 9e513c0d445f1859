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
  /// Elements with this label are ignored; a label is compared with it before any other use. By default -1,
  /// and on the CPU it is an error if all labels are -1 and 1 instead of 0 and 1.
  std::optional<std::int64_t> ignore_label = {};
  /// w, the weight of an element with label 1; elements with label 0 have weight 1. One number, or one per
  /// class along axis 1. float32 or float64 on any device, finite and not negative. Empty: ones.
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

  /// How the loss is reduced, and what its mean was divided by in forward, 0 if there was nothing to divide:
  /// for losses of batches that are cut into shards.
  Reduce reduce() const { return options_.reduce; }
  double divisor() const;

 private:
  SigmoidCrossEntropyOptions options_;
  // What forward stores for backward.
  Array gradient_;                     // for gy = 1, unless Reduce::no
  Array pos_weight_;                   // in x's dtype, on its device
  std::optional<double> coefficient_;  // one over the divisor; not on a GPU
  Array totals_;                       // on a GPU: the coefficient and the loss
};

/// Cross entropy of labels 0 and 1 under the probabilities sigmoid(x), independently for each element:
///
///     loss = w log(1 + exp(-x)) where t is 1, log(1 + exp(x)) where t is 0, 0 where t is ignored
///
/// computed without overflow; the sum of the elements may exceed the range of the dtype before it is divided
/// (on a GPU: up to 1.8e308). Elements that are ignored, and those whose weight is 0, are not read: they may
/// be NaN. If all are ignored, or there are no elements, the loss and its gradient are 0. (Chainer:
/// `F.sigmoid_cross_entropy`; with weights PyTorch's `BCEWithLogitsLoss(pos_weight)`.)
///
/// With `pos_weight` w = (number of 0) / (number of 1), both labels have the same total weight. The weights
/// are not part of the divisor of the mean, and they shift the predictions: the predicted odds are w times
/// the true ones.
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
Variable sigmoid_cross_entropy(const Variable& x, const Variable& t, SigmoidCrossEntropyOptions options = {});

}  // namespace tenbin
