// The predicted class of every row: argmax of the scores.
#pragma once

#include <cstdint>

#include "tenbin/core/array.h"

namespace tenbin {

/// The index of the largest element along axis 1, the predicted class of every row of logits.
///
/// x: (N, C, d1, ...), float32 or float64; the result: int64 (N, d1, ...) on x's device. On ties the first
/// wins. As in NumPy a NaN counts as the largest element, and the first NaN wins. Errors: fewer than two
/// axes, C = 0, an integer dtype.
///
///     Array classes = argmax(model(x).data());
Array argmax(const Array& x);

namespace detail {

// Marks a row with a NaN score, in the place of its class.
inline constexpr std::int64_t nan_class = -1;

// The argmax of a line with NaN: the first NaN, or `nan_class`.
enum class OfNan : unsigned char { largest, marked };

// `argmax` with a choice: NaN is the largest, as in the public function, or marked.
Array argmax(const Array& x, OfNan of_nan);

// The classes of lines of n_class elements with the given stride; x and classes are on one GPU.
void argmax_gpu(const Array& x, std::size_t n_class, std::size_t stride, OfNan of_nan, Array& classes);

}  // namespace detail

}  // namespace tenbin
