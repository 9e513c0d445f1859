// The fully connected layer for sparse rows, as a function.
#pragma once

#include <utility>

#include "tenbin/core/csr_matrix.h"
#include "tenbin/core/function.h"

namespace tenbin {

class SparseLinearFunction : public Function {
 public:
  explicit SparseLinearFunction(CsrMatrix x) : x_(std::move(x)) {}
  std::string name() const override { return "linear"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  CsrMatrix x_;  // a constant
};

/// Affine map of each row of a sparse matrix, y = x W^T + b, without the elements that are not stored.
///
/// x: (N, in_size), a constant without a gradient; W: (out_size, in_size); b: (out_size), or left out; y: (N,
/// out_size). All float32 or all float64, on one device. The gradient of W is dense.
///
/// The values and gradients are those of `linear` with `x.to_dense()`, up to the order of the sums, if W is
/// finite: an infinite weight does not meet the zeros that are not stored. They have the same bits at any
/// number of threads, and on a GPU in every run; on the CPU a row's outputs do not depend on the other rows.
/// For a batch with at least as many stored values as columns, the CPU uses memory of the size of W. A
/// captured step cannot contain it, since the number of stored values differs from batch to batch.
///
/// Errors: dtypes or devices that differ, an in_size that is not W's, a b that is not (out_size); a captured
/// step.
///
///     Variable y = linear(x, W, b);
Variable linear(const CsrMatrix& x, const Variable& W, const Variable& b = {});

}  // namespace tenbin
