// Label-distribution-aware margin loss: a cross entropy with larger margins for rarer classes.
#pragma once

#include "tenbin/functions/loss/softmax_cross_entropy.h"

namespace tenbin {

/// The logits that `ldam_loss` passes to `softmax_cross_entropy`: y[i, c] = scale (x[i, c] - margin[c] [c =
/// t_i]). Inputs: x and t. Rows with an ignored or invalid label have no margin; the cross entropy checks
/// labels.
class LDAMLogits : public Function {
 public:
  LDAMLogits(Array margin, double scale) : margin_(std::move(margin)), scale_(scale) {}

  std::string name() const override { return "ldam_loss"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Array margin_;
  double scale_;
};

/// Softmax cross entropy in which the logit of the true class is reduced by a margin, large for rare classes:
///
///     y[i, c] = scale (x[i, c] - margin[c] [c = t_i]),    loss = softmax_cross_entropy(y, t, options)
///
/// `ldam_margin(counts)` has the paper's margins. They are meant for logits in a fixed range: the paper takes
/// cosines, of features and weights of length 1, and multiplies them by `scale`; for the logits of a linear
/// layer use scale 1. With `DeferredReweighting`, weights start late in the training: the paper's LDAM-DRW.
/// (Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", NeurIPS 2019.)
///
/// x: (N, C, d1, ...) float32 or float64. t: (N, d1, ...) int32, int64 or uint8. margin: (C,), float32 or
/// float64 on any device, finite and not negative. The loss: as `softmax_cross_entropy` reduces it.
///
/// Errors: those of `softmax_cross_entropy`; targets that are not labels; a margin that does not fit; a scale
/// that is not positive and finite.
///
///     const Array margin = ldam_margin(counts);
///     Variable loss = ldam_loss(model(x), t, margin, {.class_weight = weights(epoch)});
Variable ldam_loss(const Variable& x, const Variable& t, const Array& margin,
                   SoftmaxCrossEntropyOptions options = {}, double scale = 30);

}  // namespace tenbin
