// The accuracy of scores and of predicted labels.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/evaluation/argmax.h"

namespace tenbin {

/// The share of positions where the label has the largest score. (Chainer: `F.accuracy`, with `ignore_label`
/// -1 by default as in `softmax_cross_entropy`.)
///
/// y: float32 or float64 scores (N, C, d1, ...), logits or probabilities; trailing axes of length 1 are
/// allowed. t: integer (N, d1, ...). Positions whose label is `ignore_label` are ignored; if none is left the
/// accuracy is 0. Errors: shapes that do not fit; predicted labels as y: use `accuracy_score(t, y)` for
/// those; a label outside [0, C) that is not `ignore_label`, named with its position; a NaN among the scores
/// of a position that is not ignored, named likewise; two classes and labels of -1 and 1 only, unless
/// `ignore_label` is given: map -1 to 0. If y and t are on one GPU it is computed there.
///
///     accuracy(model(x).data(), t);
double accuracy(const Array& y, const Array& t, std::optional<std::int64_t> ignore_label = {});

/// Options of accuracy_score.
struct AccuracyScoreOptions {
  Array sample_weight = {};  ///< float of t's shape, >= 0
  /// Positions with this label are ignored. Not set: -1, but labels of -1 and 1 only are an error.
  std::optional<std::int64_t> ignore_label = {};
};

/// The share of positions where the predicted label is the true one, by weight. (scikit-learn:
/// `accuracy_score`.) Note the order of the arguments: the true labels come first, as in all metrics but
/// `accuracy`.
///
/// t, y: integer, of one shape, with any values. If all positions are ignored the accuracy is 0. Errors:
/// shapes that differ; scores: use `accuracy(y, t)` for those; labels of -1 and 1 only, unless `ignore_label`
/// is given; two axes with a single 1 among zeros in every row of both, which are taken for one-hot rows: if
/// they are labels, reshape them to one axis. If t and y are on one GPU and there are no weights it is
/// computed there.
///
///     accuracy_score(t, predict_with_threshold(p, threshold));
double accuracy_score(const Array& t, const Array& y, const AccuracyScoreOptions& options = {});

namespace detail {

// Removes the axes of length 1 that scores y have after the axes of t, which Chainer's accuracy allows; other
// arrays are returned unchanged.
Array without_trailing_axes(const Array& y, const Array& t);

// Errors: `accuracy: y[3] is nan: a row with nan has no largest score`.
[[noreturn]] void refuse_nan(const char* function, std::size_t position);

// y as int64 classes of t's shape on the CPU: the argmax of scores, `nan_class` where one is NaN, or y itself
// if its dtype is an integer one. Errors: also t and y that are both one-hot rows.
Array predicted_classes(const char* function, const Array& y, const Array& t);

// Errors: a label that is not a class of scores (N, C, ...), with its position.
void require_class_of_scores(const char* function, std::size_t position, std::int64_t label,
                             std::size_t n_class);

// The counts that the accuracy is computed from.
struct LabelCounts {
  std::size_t counted = 0;
  std::size_t right = 0;
  std::size_t ones = 0;  // labels that are not ignored and are 1
  // The first positions with an invalid label and with a NaN score; the number of labels if there are none.
  std::size_t outside = 0;
  std::size_t nan = 0;
};

// n_class 0: any label is valid, in both.
LabelCounts count_labels_gpu(const Array& predicted, const Array& t, std::int64_t ignore_label,
                             std::size_t n_class);

}  // namespace detail

}  // namespace tenbin
