// Losses of each pair of elements of two arrays.
#pragma once

#include "tenbin/core/check.h"
#include "tenbin/functions/elementwise.h"

namespace tenbin {

/// An ElementwiseBinary of two arrays of one shape: nothing broadcasts, as a prediction (N, 1) and a target
/// (N) would do silently. Errors have the names of the function and of its arguments.
///
///     apply<ElementwiseLoss<SquaredErrorFormula>>({x0, x1}, "squared_error", "x0", "x1");
template <class Formula>
class ElementwiseLoss : public ElementwiseBinary<Formula> {
 public:
  ElementwiseLoss(const char* function, const char* first, const char* second, const Formula& formula = {})
      : ElementwiseBinary<Formula>(formula), function_(function), first_(first), second_(second) {}

  std::string name() const override { return function_; }
  void check(const Arrays& xs) const override {
    require_floating(*this, first_, xs[0]);
    require_same_dtype(*this, first_, xs[0], second_, xs[1]);
    require_same_shape(*this, first_, xs[0], second_, xs[1]);
  }

 private:
  const char* function_;
  const char* first_;
  const char* second_;
};

}  // namespace tenbin
