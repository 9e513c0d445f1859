// The average over axes, weighted or not.
#pragma once

#include "tenbin/core/function.h"
#include "tenbin/functions/math/reduction.h"

namespace tenbin {

class Average : public Function {
 public:
  Average(const ReductionOptions& options, const char* name) : options_(options), name_(name) {}
  std::string name() const override { return name_; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  // The shape under which the weights broadcast to x: a vector of weights extends along the one reduced axis.
  Shape weights_shape(const Arrays& xs) const;
  // The number of elements that each result is the average of; any number if there are no results.
  double elements_per_result() const;

  ReductionOptions options_;
  const char* name_;  // "average" or "mean"
  ReducedShape shapes_;
  Shape x_shape_;
  // With weights, both float64:
  Array weight_sum_;
  Array weight_scales_;  // the factors of the weights of each result, on the CPU; an empty Array: all are 1
};

/// Options of average.
struct AverageOptions {
  /// The axes that disappear; all of them if empty.
  Axes axis = {};
  /// Empty for equal weights; or of x's shape; or, if `axis` is one axis, a vector of its length. They
  /// get gradients too.
  Variable weights = {};
  /// Leave the reduced axes in the result, with length 1.
  bool keepdims = false;
};

/// sum(weights * x) / sum(weights) over some axes, or over all of them.
///
/// x: float32 or float64, any shape; weights of x's dtype. Added up and divided in float64, rounded once. The
/// average of no elements, or of weights that add up to 0, follows IEEE 754: NaN or an infinity. Sums and
/// products may be beyond the range of the dtype; on a GPU, beyond that of float64 (1.8e308) they make the
/// result an infinity, NaN or 0. Errors: those of `sum`; weights of another shape or dtype.
///
///     Variable m = average(x, {.axis = 0, .weights = Array{0.2f, 0.8f}});
inline Variable average(const Variable& x, const AverageOptions& options = {}) {
  const ReductionOptions reduction{options.axis, options.keepdims};
  return options.weights ? apply<Average>({x, options.weights}, reduction, "average")
                         : apply<Average>({x}, reduction, "average");
}

/// The arithmetic mean over some axes, or over all of them: `average` with equal weights. The mean of no
/// elements is NaN, as in NumPy. The sum of the elements may be beyond the dtype (on a GPU: up to
/// 1.8e308).
///
///     Variable loss = mean(e * e);
///     Variable m = mean(x, {.axis = 0, .keepdims = true});
inline Variable mean(const Variable& x, const ReductionOptions& options = {}) {
  return apply<Average>({x}, options, "mean");
}
template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
Variable mean(const Variable& x, Int axis, bool keepdims = false) {
  return mean(x, ReductionOptions{static_cast<int>(axis), keepdims});
}

}  // namespace tenbin
