// From logits to predicted classes, and how many of them are right.
#pragma once

#include <cstdint>

#include "tenbin/core/array.h"

namespace tenbin {

/// The index of the largest element along axis 1, the predicted class of every row of logits.
///
/// x: (N, C, d1, ...), float32 or float64; the result: int64 (N, d1, ...) on x's device. Of equal elements
/// the first wins. As in NumPy a NaN counts as the largest element, the first NaN winning. Errors: fewer than
/// two axes, C = 0, an integer dtype.
///
///     Array classes = argmax(model(x).data());
Array argmax(const Array& x);

/// The share of positions where the prediction is the label. (Chainer: `F.accuracy`, with `ignore_label` -1
/// by default as in `softmax_cross_entropy`.)
///
/// y: logits (N, C, d1, ...) or predicted classes of t's shape; t: integer (N, d1, ...). Positions whose
/// label is `ignore_label` do not count; if none is left the accuracy is 0. Errors: shapes that do not fit;
/// for logits a label outside [0, C) that is not `ignore_label`, named with its position. If y and t are on
/// one GPU they are counted there.
///
///     accuracy(model(x).data(), t);
double accuracy(const Array& y, const Array& t, std::int64_t ignore_label = -1);

namespace detail {

// y as int64 classes of t's shape on the CPU: the argmax of logits, or y itself if it is of an integer dtype.
Array predicted_classes(const char* function, const Array& y, const Array& t);

// What accuracy is made of.
struct LabelCounts {
  std::size_t counted = 0;
  std::size_t right = 0;
  std::size_t outside =
      0;  // the first position whose label is no class; the number of labels if there is none
};

// The classes of lines of n_class elements that lie `stride` apart; x and classes on one GPU.
void argmax_gpu(const Array& x, std::size_t n_class, std::size_t stride, Array& classes);
// n_class 0: any label will do.
LabelCounts count_labels_gpu(const Array& predicted, const Array& t, std::int64_t ignore_label,
                             std::size_t n_class);

}  // namespace detail

}  // namespace tenbin
