// From logits to predicted classes, and how many of them are right.
#pragma once

#include <cstdint>
#include <optional>

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

/// The share of positions where the largest score is the label's. (Chainer: `F.accuracy`, with `ignore_label`
/// -1 by default as in `softmax_cross_entropy`.)
///
/// y: float32 or float64 scores (N, C, d1, ...), logits or probabilities; behind them it may have axes of
/// length 1. t: integer (N, d1, ...). Positions whose label is `ignore_label` do not count; if none is left
/// the accuracy is 0. Errors: shapes that do not fit; predicted labels as y, which go to `accuracy_score(t,
/// y)`; a label outside [0, C) that is not `ignore_label`, named with its position; a NaN among the scores of
/// a position that counts, named likewise; two classes and labels of -1 and 1 only, unless `ignore_label` is
/// given: map -1 to 0. If y and t are on one GPU they are counted there.
///
///     accuracy(model(x).data(), t);
double accuracy(const Array& y, const Array& t, std::optional<std::int64_t> ignore_label = {});

/// Options of accuracy_score.
struct AccuracyScoreOptions {
  Array sample_weight = {};  ///< float of t's shape, >= 0
  /// Positions with this label do not count. None: -1, but labels of -1 and 1 only are an error.
  std::optional<std::int64_t> ignore_label = {};
};

/// The share of positions where the predicted label is the true one, by weight. (scikit-learn:
/// `accuracy_score`.) Mind the order: what is true comes first, as everywhere but in `accuracy`.
///
/// t, y: integer, of one shape; labels may be any numbers. If no position counts the accuracy is 0. Errors:
/// shapes that differ; scores, which go to `accuracy(y, t)`; labels of -1 and 1 only, unless `ignore_label`
/// is given; two axes with a single 1 among zeros in every row of both, which are taken for one-hot rows:
/// labels that only look so pass reshaped to one axis. If t and y are on one GPU and there are no weights
/// they are counted there.
///
///     accuracy_score(t, predict_with_threshold(p, threshold));
double accuracy_score(const Array& t, const Array& y, const AccuracyScoreOptions& options = {});

namespace detail {

// Scores y without the axes of length 1 that they have behind those of t, as Chainer's accuracy takes them;
// all else as it is.
Array without_trailing_axes(const Array& y, const Array& t);

// Instead of the class where a score is NaN.
inline constexpr std::int64_t nan_class = -1;

// What a line with NaN has as its largest element: the first NaN, or `nan_class` in its place.
enum class OfNan : unsigned char { largest, marked };

// The public `argmax`, which takes NaN for the largest, or with NaN marked.
Array argmax(const Array& x, OfNan of_nan);

// Errors: `accuracy: y[3] is nan: a row with nan has no largest score`.
[[noreturn]] void refuse_nan(const char* function, std::size_t position);

// y as int64 classes of t's shape on the CPU: the argmax of scores, `nan_class` where one is NaN, or y itself
// if it is of an integer dtype. Errors: also t and y that are both one-hot rows.
Array predicted_classes(const char* function, const Array& y, const Array& t);

// Errors: a label that is no class of scores (N, C, ...), with its position.
void require_class_of_scores(const char* function, std::size_t position, std::int64_t label,
                             std::size_t n_class);

// What accuracy is made of.
struct LabelCounts {
  std::size_t counted = 0;
  std::size_t right = 0;
  std::size_t ones = 0;  // labels that count and are 1
  // The first positions whose label is no class and whose scores have a NaN; the number of labels if there
  // are none.
  std::size_t outside = 0;
  std::size_t nan = 0;
};

// The classes of lines of n_class elements that lie `stride` apart; x and classes on one GPU.
void argmax_gpu(const Array& x, std::size_t n_class, std::size_t stride, OfNan of_nan, Array& classes);
// n_class 0: any label will do, in both.
LabelCounts count_labels_gpu(const Array& predicted, const Array& t, std::int64_t ignore_label,
                             std::size_t n_class);

}  // namespace detail

}  // namespace tenbin
