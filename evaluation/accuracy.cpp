#include "tenbin/evaluation/accuracy.h"

#include "tenbin/core/labels.h"

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

}  // namespace

Array argmax(const Array& x) {
  if (!x || !is_floating(x.dtype()) || x.ndim() < 2 || x.shape()[1] == 0)
    throw Error("argmax: x must be float32 or float64 of shape (N, C, ...) with C > 0, got ", x);
  const Array host = x.to(Device::cpu());
  const std::size_t n_class = x.shape()[1];
  Array classes = Array::empty(without_axis_1(x.shape()), Dtype::int64);
  const std::size_t inner = classes.size() == 0 ? 1 : classes.size() / x.shape()[0];
  std::int64_t* out = classes.data<std::int64_t>();
  visit_floating(x.dtype(), [&](auto zero) {
    const auto* values = host.data<decltype(zero)>();
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto* first = values + i / inner * n_class * inner + i % inner;
      out[i] = static_cast<std::int64_t>(argmax_along(first, n_class, inner));
    }
  });
  return classes;
}

Array detail::predicted_classes(const char* function, const Array& y, const Array& t) {
  const bool logits = y && is_floating(y.dtype());
  const bool fits = logits ? y.ndim() >= 2 && without_axis_1(y.shape()) == t.shape()
                           : y && is_integer(y.dtype()) && y.shape() == t.shape();
  if (!fits)
    throw Error(function, ": y must be logits (N, C, ...) or integer classes of t's shape, got ", y,
                " for t ", t);
  return logits ? argmax(y) : to_labels(function, "y", y);
}

double accuracy(const Array& y, const Array& t, std::int64_t ignore_label) {
  const Array labels = detail::to_labels("accuracy", "t", t);
  const Array predicted = detail::predicted_classes("accuracy", y, t);
  const std::int64_t* truth = labels.data<std::int64_t>();
  const std::int64_t* guess = predicted.data<std::int64_t>();
  std::size_t counted = 0;
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (truth[i] == ignore_label) continue;
    if (is_floating(y.dtype())) detail::require_class("accuracy", "t", i, truth[i], y.shape()[1]);
    ++counted;
    right += truth[i] == guess[i] ? 1 : 0;
  }
  return counted == 0 ? 0 : static_cast<double>(right) / static_cast<double>(counted);
}

}  // namespace tenbin
