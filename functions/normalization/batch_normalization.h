// Batch normalization.
#pragma once

#include "tenbin/core/function.h"

namespace tenbin {

/// Averages over the batches of a training, which `batch_normalization` updates in place.
struct RunningStatistics {
  Array mean = {};     ///< like gamma; empty: nothing is updated
  Array var = {};      ///< like gamma
  double decay = 0.9;  ///< in [0, 1]: new = decay old + (1 - decay) batch
};

/// Batch normalization with the statistics of the batch (Ioffe and Szegedy, "Batch normalization:
/// accelerating deep network training by reducing internal covariate shift", ICML 2015; Chainer:
/// `F.batch_normalization`):
///
///     y = gamma (x - mean) / sqrt(var + eps) + beta
///
/// with the mean and the biased variance of each column, or of each channel: over the first axis and those
/// after the axes of gamma. They are taken in float64. A batch of one row gives beta. The running variance is
/// updated with the unbiased variance of the batch, m / (m - 1) times the biased one; an empty batch updates
/// nothing.
///
/// x: (N, D) with gamma and beta (D); (N, C, d1, ...) with gamma and beta (C); all float32 or all float64; y:
/// like x. Errors: other shapes or dtypes; running statistics that are not like gamma; eps not positive; a
/// decay outside [0, 1].
///
///     Variable y = batch_normalization(x, gamma, beta, 2e-5, {mean, var});
Variable batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                             double eps = 2e-5, const RunningStatistics& running = {});

/// Batch normalization with the given mean and variance, for predictions. It is differentiable in all
/// arguments. (Chainer: `F.fixed_batch_normalization`.) Shapes and errors: as for `batch_normalization`; mean
/// and var are like gamma.
///
///     Variable y = fixed_batch_normalization(x, gamma, beta, mean, var);
Variable fixed_batch_normalization(const Variable& x, const Variable& gamma, const Variable& beta,
                                   const Variable& mean, const Variable& var, double eps = 2e-5);

}  // namespace tenbin
