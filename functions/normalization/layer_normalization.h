// Layer normalization.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// Layer normalization (Ba, Kiros and Hinton, "Layer normalization", 2016; Chainer: `F.layer_normalization`):
///
///     y = gamma (x - mean) / sqrt(var + eps) + beta
///
/// with the mean and the biased variance of each row, taken in float64. A row of one element gives beta.
///
/// x: (N, D) with gamma and beta (D), or (..., d1, ...) with gamma and beta (d1, ...): the statistics are
/// those of the axes of gamma, the last ones of x. All float32 or all float64; y: like x. Errors: other
/// shapes or dtypes; eps not positive.
///
///     Variable y = layer_normalization(x, gamma, beta);
Variable layer_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double eps = 1e-5);

}  // namespace tenbin
