#include "tenbin/evaluation/accuracy.h"

#include <algorithm>
#include <utility>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/without_cuda.h"
#include "tenbin/evaluation/detail/metric_rows.h"

namespace tenbin {

namespace {

bool are_scores(const Array& y, const Array& t) {
  return y && is_floating(y.dtype()) && y.ndim() >= 2 && detail::without_axis_1(y.shape()) == t.shape();
}

bool are_classes(const Array& y, const Array& t) {
  return y && is_integer(y.dtype()) && y.shape() == t.shape();
}

// Errors: both are one-hot rows, whose elements would be counted as labels.
void refuse_one_hot(const char* function, const Array& t, const Array& y) {
  const char* hint = detail::one_hot_hint(t);
  if (*hint != '\0' && *detail::one_hot_hint(y) != '\0')
    throw Error(function, ": t and y must be labels, got ", t, " and ", y, hint);
}

// n_class 0: any label is valid, in both.
detail::LabelCounts count_labels_cpu(const Array& predicted, const Array& t, std::int64_t ignore_label,
                                     std::size_t n_class) {
  const Array labels = t.to(Device::cpu()).astype(Dtype::int64);
  const Array classes = predicted.to(Device::cpu()).astype(Dtype::int64);
  const std::int64_t* truth = labels.data<std::int64_t>();
  const std::int64_t* guess = classes.data<std::int64_t>();
  detail::LabelCounts counts;
  counts.outside = counts.nan = labels.size();
  for (std::size_t i = labels.size(); i-- > 0;) {
    if (truth[i] == ignore_label) continue;
    ++counts.counted;
    counts.right += truth[i] == guess[i] ? 1 : 0;
    counts.ones += truth[i] == 1 ? 1 : 0;
    if (n_class == 0) continue;
    if (truth[i] < 0 || static_cast<std::uint64_t>(truth[i]) >= n_class) counts.outside = i;
    if (guess[i] == detail::nan_class) counts.nan = i;
  }
  return counts;
}

// Errors: no `ignore_label` was given, and the labels -1 and 1 are probably the two classes.
detail::LabelCounts count_labels(const char* function, const Array& predicted, const Array& t,
                                 std::optional<std::int64_t> ignore_label, std::size_t n_class) {
  const bool on_gpu = !t.device().is_cpu() && predicted.device() == t.device();
  const std::int64_t ignored = detail::ignored_label(ignore_label);
  const detail::LabelCounts counts = on_gpu ? detail::count_labels_gpu(predicted, t, ignored, n_class)
                                            : count_labels_cpu(predicted, t, ignored, n_class);
  if (counts.outside < t.size()) {
    const Array label = t.reshape({t.size()}).slice(counts.outside, counts.outside + 1);
    detail::require_class_of_scores(function, counts.outside, label.item<std::int64_t>(), n_class);
  }
  if (counts.nan < t.size()) detail::refuse_nan(function, counts.nan);
  const bool only_ones = counts.counted > 0 && counts.ones == counts.counted;
  if (!ignore_label && n_class <= 2 && only_ones && counts.counted < t.size()) detail::refuse_signs(function);
  return counts;
}

double weighted_accuracy(const char* function, const Array& t, const Array& y,
                         const AccuracyScoreOptions& options) {
  const Array labels = detail::to_labels(function, "t", t);
  const Array classes = detail::to_labels(function, "y", y);
  const std::int64_t ignored = detail::ignored_label(function, labels, options.ignore_label, 0);
  Array weights = detail::sample_weights(function, options.sample_weight, t);
  detail::scale_weights(weights);
  const std::int64_t* truth = labels.data<std::int64_t>();
  const std::int64_t* guess = classes.data<std::int64_t>();
  const double* weight = std::as_const(weights).data<double>();
  double right = 0;
  double all = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (truth[i] == ignored) continue;
    all += weight[i];
    right += truth[i] == guess[i] ? weight[i] : 0;
  }
  return all == 0 ? 0 : right / all;
}

double share(const detail::LabelCounts& counts) {
  return counts.counted == 0 ? 0 : static_cast<double>(counts.right) / static_cast<double>(counts.counted);
}

}  // namespace

Array detail::without_trailing_axes(const Array& y, const Array& t) {
  if (!y || !is_floating(y.dtype()) || t.ndim() == 0 || y.ndim() <= t.ndim() + 1) return y;
  const auto axes = y.shape().begin() + static_cast<std::ptrdiff_t>(t.ndim() + 1);
  const bool all_one = std::all_of(axes, y.shape().end(), [](std::size_t length) { return length == 1; });
  return all_one ? y.reshape(Shape(y.shape().begin(), axes)) : y;
}

void detail::require_class_of_scores(const char* function, std::size_t position, std::int64_t label,
                                     std::size_t n_class) {
  if (n_class == 1 && label == 1)
    throw Error(function, ": t[", position,
                "] = 1 is not a class in [0, 1), y has one column: for those of a",
                " sigmoid pass (N, 2): 1 - p, p; or labels by predict_with_threshold");
  require_class(function, "t", position, label, n_class);
}

void detail::refuse_nan(const char* function, std::size_t position) {
  throw Error(function, ": y[", position, "] is nan: a row with nan has no largest score");
}

Array detail::predicted_classes(const char* function, const Array& y, const Array& t) {
  const Array scores = without_trailing_axes(y, t);
  if (are_scores(scores, t)) return to_labels(function, "y", argmax(scores, OfNan::marked));
  if (are_classes(y, t)) {
    refuse_one_hot(function, t, y);
    return to_labels(function, "y", y);
  }
  throw Error(function, ": y must be logits (N, C, ...) or integer classes of t's shape, got ", y, " for t ",
              t, detail::one_hot_hint(t));
}

double accuracy(const Array& y, const Array& t, std::optional<std::int64_t> ignore_label) {
  constexpr const char* function = "accuracy";
  detail::require_labels(function, "t", t, detail::float_labels_hint("t", t).c_str());
  const Array scores = detail::without_trailing_axes(y, t);
  if (!are_scores(scores, t))
    throw Error(
        function, ": y must be float32 or float64 scores (N, C, ...) for t (N, ...), got ", y, " for t ", t,
        are_classes(y, t) ? ": predicted labels go to accuracy_score(t, y)" : detail::one_hot_hint(t));
  const Array classes = detail::argmax(scores, detail::OfNan::marked);
  return share(count_labels(function, classes, t, ignore_label, scores.shape()[1]));
}

double accuracy_score(const Array& t, const Array& y, const AccuracyScoreOptions& options) {
  constexpr const char* function = "accuracy_score";
  detail::require_labels(function, "t", t, detail::float_labels_hint("t", t).c_str());
  if (!are_classes(y, t))
    throw Error(function, ": y must be integer, predicted labels of t's shape, got ", y, " for t ", t,
                y && is_floating(y.dtype()) ? ": scores go to accuracy(y, t)" : "");
  refuse_one_hot(function, t, y);
  if (options.sample_weight) return weighted_accuracy(function, t, y, options);
  return share(count_labels(function, y, t, options.ignore_label, 0));
}

TENBIN_WITHOUT_CUDA(detail::LabelCounts detail::count_labels_gpu(const Array&, const Array&, std::int64_t,
                                                                 std::size_t) {
  detail::no_cuda("accuracy");
})

}  // namespace tenbin
