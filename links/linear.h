// The fully connected layer.
#pragma once

#include "tenbin/functions/connection/linear.h"
#include "tenbin/functions/connection/sparse_linear.h"
#include "tenbin/links/initializers.h"
#include "tenbin/links/link.h"
#include "tenbin/links/link_config.h"

namespace tenbin {

/// Options of Linear.
struct LinearOptions {
  bool nobias = false;            ///< without b
  Initializer initialW = {};      ///< empty: LeCunNormal
  Initializer initial_bias = {};  ///< empty: Zero
  Dtype dtype = Dtype::float32;   ///< float32 or float64
};

/// The fully connected layer, y = x W^T + b. (Chainer: `L.Linear`.)
///
/// Parameters: W (out_size, in_size), b (out_size). If `in_size` is not given, W takes it from the first x;
/// until then W is uninitialised.
///
///     Linear l1(784, 256, {.initialW = HeNormal()});
///     Linear head(10);
class Linear : public Link {
 public:
  Linear(std::size_t in_size, std::size_t out_size, const LinearOptions& options = {});
  explicit Linear(std::size_t out_size, const LinearOptions& options = {});
  static Linear from_config(const LinkConfig& config);

  /// `linear(x, W, b, n_batch_axes)`, on W's device. Errors: those of `linear`.
  Variable operator()(const Variable& x, std::size_t n_batch_axes = 1) const;
  /// The same of sparse rows.
  Variable operator()(const CsrMatrix& x) const;

  LinkConfig get_config() const;

  Parameter W;
  Parameter b;  ///< an empty Variable with `nobias`

 private:
  Linear(const Shape& W_shape, const LinearOptions& options);
  // x: an Array or a CsrMatrix.
  template <class X>
  void initialize(const X& x, std::size_t in_size) const;

  std::size_t out_size_;
  LinearOptions options_;
};

}  // namespace tenbin
