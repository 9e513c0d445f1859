// Elements selected from two arrays.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Where : public Function {
 public:
  std::string name() const override { return "where"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Shape shape(const Arrays& xs) const;

  Shape shapes_[2];  // of a and b, which are not retained
};

/// The element of `a` where the condition is not 0, that of `b` elsewhere, with NumPy broadcasting. What is
/// not selected has no effect, also if it is NaN, and has the gradient 0. (Chainer: `F.where`.)
///
/// condition: uint8, int32 or int64; a, b: float32 or float64, one dtype. Errors: other dtypes; shapes that
/// do not broadcast.
///
///     Variable y = where(is_known, x, mean_of_x);
inline Variable where(const Variable& condition, const Variable& a, const Variable& b) {
  return apply<Where>({condition, a, b});
}

}  // namespace tenbin
