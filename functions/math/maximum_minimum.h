// The larger or the smaller of two arrays, element by element.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// The larger and the smaller of two arrays.
class MaximumMinimum : public Function {
 public:
  enum class Kind { maximum, minimum };

  explicit MaximumMinimum(Kind kind) : kind_(kind) {}
  std::string name() const override { return kind_ == Kind::maximum ? "maximum" : "minimum"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  Kind kind_;
};

/// The larger of a and b, element by element, with NumPy broadcasting. The gradient goes to the one that was
/// taken, on ties to a; a NaN in either is taken.
///
/// a, b: float32 or float64, the same dtype, shapes that broadcast. Errors: otherwise.
///
///     Variable hinge = maximum(1 - t * x, Array{0.f});
inline Variable maximum(const Variable& a, const Variable& b) {
  return apply<MaximumMinimum>({a, b}, MaximumMinimum::Kind::maximum);
}

/// The smaller of a and b; otherwise as `maximum`.
inline Variable minimum(const Variable& a, const Variable& b) {
  return apply<MaximumMinimum>({a, b}, MaximumMinimum::Kind::minimum);
}

}  // namespace tenbin
