// The cosine of the angle between vectors.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/functions/math/reduction.h"

namespace tenbin {

class CosineSimilarity : public Function {
 public:
  CosineSimilarity(int axis, double eps) : axis_(axis), eps_(eps) {}
  std::string name() const override { return "cosine_similarity"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  int axis_;
  double eps_;
  ReducedShape shapes_;
};

/// The cosine of the angle between the vectors of x0 and x1 along an axis,
///
///     y = (x0 . x1) / (max(|x0|, eps) max(|x1|, eps))
///
/// for vectors of any length that the dtype can hold. Both inputs get a gradient. A vector of zeros has no
/// direction: its similarity and its gradient are 0. (PyTorch: `cosine_similarity`; there that gradient is
/// about 1 / eps. Chainer has none.)
///
/// x0, x1: one shape and dtype, float32 or float64; y: that shape without the axis.
///
/// Errors: the inputs differ in dtype or shape; an axis out of range; an eps that is not positive and finite
/// in that dtype.
///
///     Variable loss = mean(1 - cosine_similarity(model(x), target));
inline Variable cosine_similarity(const Variable& x0, const Variable& x1, int axis = 1, double eps = 1e-8) {
  return apply<CosineSimilarity>({x0, x1}, axis, eps);
}

}  // namespace tenbin
