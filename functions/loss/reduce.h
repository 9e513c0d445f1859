// How the losses reduce the values of their elements.
#pragma once

namespace tenbin {

/// How a loss reduces the values of its elements: to their mean (each loss says what it divides by), to their
/// sum, or not at all. (Chainer: the strings 'mean' and 'no'.)
///
///     softmax_cross_entropy(x, t, {.reduce = Reduce::no})     // a loss per label
enum class Reduce : unsigned char { mean, sum, no };

/// What `Reduce::mean` divides by.
enum class Normalize {
  valid_count,  ///< labels that are not ignored, over all positions (Chainer's `normalize=True`)
  batch_size,   ///< N alone, whatever the other axes are (Chainer's `normalize=False`)
  weight_sum,   ///< the sum of w[t_i] s_i over labels that are not ignored (PyTorch's weighted mean)
};

}  // namespace tenbin
