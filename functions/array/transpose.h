// Axes in another order.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Transpose : public Function {
 public:
  using AxisOrder = SmallVector<int, Shape::max_ndim>;
  using Order = SmallVector<std::size_t, Shape::max_ndim>;

  explicit Transpose(AxisOrder axes = {}) : axes_(std::move(axes)) {}

  std::string name() const override { return "transpose"; }
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Order order_for(const Array& x) const;
  Order inverse_order() const;

  AxisOrder axes_;
  Order order_;
};

/// x with its axes in another order: axis i of y is axis `axes[i]` of x. Without `axes` their order is
/// reversed, which transposes a matrix. Negative axes count from the last. (Chainer: `F.transpose`.)
///
/// x: any shape and dtype; y: the same dtype, a copy (of fewer than two axes: the same memory).
///
/// Errors: the number of axes is not that of x, an axis is out of range or is given twice.
///
///     Variable y = transpose(x, {0, 2, 1});     // float32(8, 3, 4) to float32(8, 4, 3)
inline Variable transpose(const Variable& x, const Transpose::AxisOrder& axes = {}) {
  return apply<Transpose>({x}, axes);
}

}  // namespace tenbin
