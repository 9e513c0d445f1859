// The exponential function and the natural logarithm.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class Exp : public Function {
 public:
  std::string name() const override { return "exp"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

class Log : public Function {
 public:
  std::string name() const override { return "log"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;
};

/// e to the power x. x: float32 or float64, any shape.
///
///     Variable p = exp(log_softmax(x));
inline Variable exp(const Variable& x) { return apply<Exp>({x}); }

/// The natural logarithm. x: float32 or float64, any shape; log 0 is -inf and a negative x gives NaN.
///
///     Variable entropy = -sum(p * log(p));
inline Variable log(const Variable& x) { return apply<Log>({x}); }

}  // namespace tenbin
