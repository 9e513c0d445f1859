#include "tenbin/functions/loss/sigmoid_cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/check.h"

namespace tenbin {

namespace {

// log(1 + exp(z)), where z is the logit of the wrong answer.
template <class T>
T softplus(T z) {
  return std::max(z, T{0}) + std::log1p(std::exp(-std::abs(z)));
}

template <class T>
T sigmoid(T z) {
  const T small = std::exp(-std::abs(z));
  return (z < 0 ? small : T{1}) / (1 + small);
}

// How many elements count. Errors: a label that is none.
template <class Label>
std::size_t count_valid(const Label* t, std::size_t size, std::int64_t ignore_label) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (t[i] == ignore_label) continue;
    if (t[i] != 0 && t[i] != 1)
      throw Error("sigmoid_cross_entropy: t must be 0, 1 or ", ignore_label, " (ignore_label), got ", t[i],
                  " at position ", i);
    ++count;
  }
  return count;
}

// Calls `f` with the elements' pointers in their own types.
template <class F>
void visit_both(const Array& x, const Array& t, F f) {
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if (t.dtype() == Dtype::int32) return f(x.data<T>(), t.data<std::int32_t>());
    return f(x.data<T>(), t.data<std::int64_t>());
  });
}

}  // namespace

void SigmoidCrossEntropy::check(const Arrays& xs) const {
  require_floating(*this, "x", xs[0]);
  if (xs[1].dtype() != Dtype::int32 && xs[1].dtype() != Dtype::int64)
    throw Error("sigmoid_cross_entropy: t must be int32 or int64, got ", xs[1]);
  require_same_shape(*this, "x", xs[0], "t", xs[1]);
}

Arrays SigmoidCrossEntropy::forward_cpu(const Arrays& xs) {
  const Array& x = xs[0];
  const bool reduces = options_.reduce != Reduce::no;
  Array loss = Array::empty(reduces ? Shape{} : x.shape(), x.dtype());
  visit_both(x, xs[1], [&](const auto* logit, const auto* t) {
    using T = std::decay_t<decltype(*logit)>;
    const std::size_t valid = count_valid(t, x.size(), options_.ignore_label);
    if (options_.reduce == Reduce::mean) {
      const std::size_t batch_size = x.ndim() == 0 ? 1 : x.shape()[0];
      divisor_ = static_cast<double>(std::max<std::size_t>(options_.normalize ? valid : batch_size, 1));
    }
    T* out = loss.data<T>();
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool ignored = t[i] == options_.ignore_label;
      const T value = ignored ? T{0} : softplus(t[i] == 1 ? -logit[i] : logit[i]);
      if (reduces) {
        sum += static_cast<double>(value);
      } else {
        out[i] = value;
      }
    }
    if (reduces) *out = static_cast<T>(sum / divisor_);
  });
  return {loss};
}

Arrays SigmoidCrossEntropy::backward_cpu(const Arrays& xs, const Arrays& gys) {
  const Array& x = xs[0];
  Array gx = new_gradient(0, x);
  visit_both(x, xs[1], [&](const auto* logit, const auto* t) {
    using T = std::decay_t<decltype(*logit)>;
    const T* gy = gys[0].data<T>();
    const std::size_t gy_stride = options_.reduce == Reduce::no ? 1 : 0;
    T* out = gx.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T scale = gy[i * gy_stride] / static_cast<T>(divisor_);
      if (t[i] == options_.ignore_label) {
        out[i] = 0;
      } else {
        out[i] = t[i] == 1 ? -scale * sigmoid(-logit[i]) : scale * sigmoid(logit[i]);
      }
    }
  });
  return {gx, Array()};
}

TENBIN_NO_GPU(SigmoidCrossEntropy);

}  // namespace tenbin
