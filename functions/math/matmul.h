// The matrix product.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class MatMul : public Function {
 public:
  MatMul(bool transa, bool transb) : transa_(transa), transb_(transb) {}
  std::string name() const override { return "matmul"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  bool transa_;
  bool transb_;
};

/// The matrix product op(a) op(b), where op swaps the last two axes if `transa` or `transb` is set.
///
/// a: (..., m, k), b: (..., k, n), y: (..., m, n); float32 or float64, the same dtype. Axes in front are a
/// batch; they broadcast, as in NumPy: (2, 1, 3, 4) and (5, 4, 6) give (2, 5, 3, 6). A vector a is a row, a
/// vector b a column, the axis that they lack is left out of y, and op does nothing to them. Errors: dtypes
/// or inner lengths that differ; batches that do not broadcast; no axis.
///
///     Variable y = matmul(x, W, false, true);   // x W^T, (N, in) and (out, in) to (N, out)
inline Variable matmul(const Variable& a, const Variable& b, bool transa = false, bool transb = false) {
  return apply<MatMul>({a, b}, transa, transb);
}

}  // namespace tenbin
