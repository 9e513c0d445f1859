// The fully connected layer, as a function.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

class LinearFunction : public Function {
 public:
  explicit LinearFunction(std::size_t n_batch_axes) : n_batch_axes_(n_batch_axes) {}
  std::string name() const override { return "linear"; }
  void check(const Arrays& xs) const override;
  Arrays forward_cpu(const Arrays& xs) override;
  Arrays forward_gpu(const Arrays& xs) override;
  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override;
  Arrays backward_gpu(const Arrays& xs, const Arrays& gys) override;

 private:
  struct Sizes {
    std::size_t rows;
    std::size_t in;
    std::size_t out;
  };
  Sizes sizes_of(const Array& x, const Array& W) const;
  Shape y_shape(const Array& x, const Array& W) const;

  std::size_t n_batch_axes_;
};

/// Affine map of each row, y = x W^T + b. (Chainer: `F.linear`.)
///
/// x: (N, d1, ...), where d1 ... are flattened to one axis of in_size; W: (out_size, in_size); b: (out_size),
/// or left out; y: (N, out_size). All float32 or all float64. With `n_batch_axes` = k the first k axes of x
/// stay as they are: (N1, ..., Nk, d1, ...) gives (N1, ..., Nk, out_size).
///
/// Errors: dtypes that differ, an in_size that is not W's, a b that is not (out_size), an x of n_batch_axes
/// axes or fewer, n_batch_axes = 0.
///
///     Variable y = linear(x, W, b);
Variable linear(const Variable& x, const Variable& W, const Variable& b = {}, std::size_t n_batch_axes = 1);

}  // namespace tenbin
