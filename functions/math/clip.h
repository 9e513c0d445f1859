// Limits values to an interval.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Clip : public Function {
 public:
  Clip(double x_min, double x_max) : x_min_(x_min), x_max_(x_max) {}
  std::string name() const override { return "clip"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  double x_min_;
  double x_max_;
};

/// min(max(x, x_min), x_max). The gradient passes where x_min <= x <= x_max, bounds included, and is 0
/// outside; a NaN stays NaN.
///
/// x: float32 or float64, any shape; an infinite bound leaves that side open. Errors: x_min is greater than
/// x_max, or one of them is NaN.
///
///     Variable p = clip(sigmoid(x), 1e-7, 1 - 1e-7);
inline Variable clip(const Variable& x, double x_min, double x_max) { return apply<Clip>({x}, x_min, x_max); }

}  // namespace tenbin
