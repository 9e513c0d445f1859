#include "tenbin/evaluation/accuracy.h"

#include "tenbin/core/labels.h"
#include "tenbin/cuda/without_cuda.h"

namespace tenbin {

namespace {

// The first of the largest among n_class elements that lie `stride` apart; NaN is larger than all.
template <class T>
std::size_t argmax_along(const T* x, std::size_t n_class, std::size_t stride) {
  std::size_t best = 0;
  for (std::size_t c = 1; c < n_class; ++c) {
    const T largest = x[best * stride];
    if (largest != largest) break;
    if (!(x[c * stride] <= largest)) best = c;
  }
  return best;
}

Shape without_axis_1(const Shape& shape) {
  Shape rest{shape[0]};
  for (std::size_t axis = 2; axis < shape.size(); ++axis) rest.push_back(shape[axis]);
  return rest;
}

// Errors: y is neither logits for t nor classes of t's shape.
void require_predictions(const char* function, const Array& y, const Array& t) {
  const bool fits = y && (is_floating(y.dtype()) ? y.ndim() >= 2 && without_axis_1(y.shape()) == t.shape()
                                                 : y.shape() == t.shape());
  if (!fits)
    throw Error(function, ": y must be logits (N, C, ...) or integer classes of t's shape, got ", y,
                " for t ", t);
}

// n_class 0: any label will do.
detail::LabelCounts count_labels(const Array& predicted, const Array& t, std::int64_t ignore_label,
                                 std::size_t n_class) {
  const Array labels = detail::to_labels("accuracy", "t", t);
  const Array classes = detail::to_labels("accuracy", "y", predicted);
  const std::int64_t* truth = labels.data<std::int64_t>();
  const std::int64_t* guess = classes.data<std::int64_t>();
  detail::LabelCounts counts;
  counts.outside = labels.size();
  for (std::size_t i = labels.size(); i-- > 0;) {
    if (truth[i] == ignore_label) continue;
    ++counts.counted;
    counts.right += truth[i] == guess[i] ? 1 : 0;
    if (n_class > 0 && (truth[i] < 0 || static_cast<std::uint64_t>(truth[i]) >= n_class)) counts.outside = i;
  }
  return counts;
}

}  // namespace

Array argmax(const Array& x) {
  if (!x || !is_floating(x.dtype()) || x.ndim() < 2 || x.shape()[1] == 0)
    throw Error("argmax: x must be float32 or float64 of shape (N, C, ...) with C > 0, got ", x);
  const std::size_t n_class = x.shape()[1];
  Array classes = Array::empty(without_axis_1(x.shape()), Dtype::int64, x.device());
  if (classes.size() == 0) return classes;
  const std::size_t inner = classes.size() / x.shape()[0];
  if (!x.device().is_cpu()) {
    detail::argmax_gpu(x, n_class, inner, classes);
    return classes;
  }
  std::int64_t* out = classes.data<std::int64_t>();
  visit_floating(x.dtype(), [&](auto zero) {
    const auto* values = x.data<decltype(zero)>();
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto* first = values + i / inner * n_class * inner + i % inner;
      out[i] = static_cast<std::int64_t>(argmax_along(first, n_class, inner));
    }
  });
  return classes;
}

Array detail::predicted_classes(const char* function, const Array& y, const Array& t) {
  require_predictions(function, y, t);
  return to_labels(function, "y", is_floating(y.dtype()) ? argmax(y) : y);
}

double accuracy(const Array& y, const Array& t, std::int64_t ignore_label) {
  detail::require_labels("accuracy", "t", t);
  require_predictions("accuracy", y, t);
  const bool logits = is_floating(y.dtype());
  const Array predicted = logits ? argmax(y) : y;
  const std::size_t n_class = logits ? y.shape()[1] : 0;
  const bool on_gpu = !t.device().is_cpu() && y.device() == t.device();
  const detail::LabelCounts counts = on_gpu ? detail::count_labels_gpu(predicted, t, ignore_label, n_class)
                                            : count_labels(predicted, t, ignore_label, n_class);
  if (counts.outside < t.size()) {
    const Array label = t.reshape({t.size()}).slice(counts.outside, counts.outside + 1);
    detail::require_class("accuracy", "t", counts.outside, label.item<std::int64_t>(), n_class);
  }
  return counts.counted == 0 ? 0 : static_cast<double>(counts.right) / static_cast<double>(counts.counted);
}

TENBIN_WITHOUT_CUDA(
    void detail::argmax_gpu(const Array&, std::size_t, std::size_t, Array&) {
      throw Error("argmax: this is a build without CUDA");
    }

    detail::LabelCounts detail::count_labels_gpu(const Array&, const Array&, std::int64_t, std::size_t) {
      throw Error("accuracy: this is a build without CUDA");
    })

}  // namespace tenbin
