// Repeats an array along axes of length 1.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class BroadcastTo : public Function {
 public:
  explicit BroadcastTo(const Shape& shape) : shape_(shape) {}
  std::string name() const override { return "broadcast_to"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Shape shape_;
  Shape x_shape_;
};

/// x repeated to `shape` by NumPy's rule: axes are matched from the last one, new ones come in front, and an
/// axis of length 1 takes any length. The gradient is summed back.
///
/// x: float32 or float64. Errors: x does not broadcast to `shape`.
///
///     Variable rows = broadcast_to(bias, {128, 10});
inline Variable broadcast_to(const Variable& x, const Shape& shape) { return apply<BroadcastTo>({x}, shape); }

}  // namespace tenbin
