// Mean squared error.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class MeanSquaredError : public Function {
 public:
  std::string name() const override { return "mean_squared_error"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

/// Mean squared error, the mean of (x0 - x1)^2 over all elements, not only over the batch; 0 if there are no
/// elements. Both inputs get a gradient. The sum of the squares may exceed the range of the dtype (on a GPU:
/// up to 1.8e308). (Chainer: `F.mean_squared_error`.)
///
/// x0, x1: one shape and dtype, float32 or float64; the loss: a scalar of that dtype.
///
/// Errors: the inputs differ in dtype or shape; nothing broadcasts.
///
///     Variable loss = mean_squared_error(model(x), t);
Variable mean_squared_error(const Variable& x0, const Variable& x1);

}  // namespace tenbin
