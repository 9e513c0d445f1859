// The contrastive loss.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/functions/loss/reduce.h"

namespace tenbin {

/// The losses of squared distances and labels, both (N).
class Contrastive : public Function {
 public:
  explicit Contrastive(double margin) : margin_(margin) {}
  std::string name() const override { return "contrastive"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  double margin_;
};

/// The contrastive loss of pairs, with d = |x0 - x1|, the distance of two rows:
///
///     loss = d^2 / 2 where y is 1 (same class), max(margin - d, 0)^2 / 2 where y is 0
///
/// by default the mean over the pairs, which is 0 if there are none (Hadsell, Chopra and LeCun,
/// "Dimensionality reduction by learning an invariant mapping", CVPR 2006). x0 and x1 get a gradient. Where
/// two rows are equal, the distance has no derivative: their gradient is 0. (Chainer: `F.contrastive`.)
///
/// x0, x1: one shape (N, D) and dtype, float32 or float64; y: (N), int32, int64 or uint8. The loss: a scalar,
/// or (N) with `Reduce::no`.
///
/// Errors: x0 and x1 differ in dtype or shape, or are not (N, D); a y that does not fit; a label other than 0
/// and 1; a margin that is not positive and finite.
///
///     Variable loss = contrastive(model(x0), model(x1), same_class);
Variable contrastive(const Variable& x0, const Variable& x1, const Variable& y, double margin = 1,
                     Reduce reduce = Reduce::mean);

}  // namespace tenbin
