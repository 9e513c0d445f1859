// Batch normalization with its parameters and running statistics.
#pragma once

#include "tenbin/functions/normalization/batch_normalization.h"
#include "tenbin/links/initializers.h"
#include "tenbin/links/link.h"
#include "tenbin/links/link_config.h"

namespace tenbin {

/// Options of BatchNormalization.
struct BatchNormalizationOptions {
  double decay = 0.9;              ///< of the running statistics, in [0, 1]
  double eps = 2e-5;               ///< positive
  bool use_gamma = true;           ///< without it gamma is 1
  bool use_beta = true;            ///< without it beta is 0
  Initializer initial_gamma = {};  ///< empty: One
  Initializer initial_beta = {};   ///< empty: Zero
  Dtype dtype = Dtype::float32;    ///< float32 or float64
};

/// Batch normalization (Chainer: `L.BatchNormalization`). In training `batch_normalization`, which updates
/// the running statistics; under TestMode `fixed_batch_normalization` with them.
///
/// Parameters: gamma, beta (size). Persistent values: avg_mean, avg_var (size), 0 and 1 at first, and N,
/// which Chainer's files have; it stays 0.
///
///     Sequential model(Linear(30, 64, {.nobias = true}), BatchNormalization(64), relu, Linear(64, 2));
///
/// Threads: a call in training changes the running statistics, so it must exclude all others; under TestMode
/// any number of threads may call.
class BatchNormalization : public Link {
 public:
  /// `size`: the columns of x (N, size), or the channels of x (N, size, d1, ...).
  explicit BatchNormalization(std::size_t size, const BatchNormalizationOptions& options = {});
  static BatchNormalization from_config(const LinkConfig& config);

  /// Errors: those of `batch_normalization`.
  Variable operator()(const Variable& x) const;

  LinkConfig get_config() const;

  Parameter gamma;  ///< an empty Variable without `use_gamma`
  Parameter beta;   ///< an empty Variable without `use_beta`
  Parameter avg_mean;
  Parameter avg_var;
  Parameter N;

 private:
  std::size_t size_;
  Dtype dtype_;
  double decay_;
  double eps_;
};

}  // namespace tenbin
