// What the losses make of the values of their elements.
#pragma once

namespace tenbin {

/// How a loss reduces the values of its elements: to their mean (each loss says what it divides by), to their
/// sum, or not at all. (Chainer: the strings 'mean' and 'no'.)
///
///     softmax_cross_entropy(x, t, {.reduce = Reduce::no})     // a loss per label
enum class Reduce : unsigned char { mean, sum, no };

}  // namespace tenbin
