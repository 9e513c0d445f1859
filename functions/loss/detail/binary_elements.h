// The elements of sigmoid cross entropy: logits with labels 0 and 1. The same on the CPU and in kernels.
// Internal.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/functions/formula_math.h"
#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

template <class T, class LabelType>
struct BinaryElements {
  using Scalar = T;
  using Label = LabelType;

  const T* x;
  const Label* t;
  std::int64_t ignore_label;
  const T* pos_weight;       // of the elements with label 1; null: ones
  std::size_t weight_count;  // one, or one per class along axis 1
  std::size_t inner;         // the number of elements per class and row

  constexpr bool is_class(std::size_t i) const { return static_cast<std::uint64_t>(std::int64_t{t[i]}) <= 1; }
  constexpr bool is_wrong(std::size_t i) const {
    const bool known = is_class(i), ignored = t[i] == ignore_label;
    return (!known & !ignored) != 0;
  }
  // A wrong label is ignored.
  constexpr bool is_valid(std::size_t i) const {
    const bool known = is_class(i), ignored = t[i] == ignore_label;
    return (known & !ignored) != 0;
  }
  constexpr T weight(std::size_t i) const {
    return t[i] == 1 && pos_weight != nullptr ? pos_weight[i / inner % weight_count] : T{1};
  }

  // log(1 + exp(z)) and its derivative by x, of the logit z of the wrong answer. Without branches: loops are
  // vectorised.
  [[gnu::always_inline]] constexpr Terms<T> terms(std::size_t i) const {
    const bool is_positive = t[i] == 1;
    const T z = is_positive ? -x[i] : x[i];
    const T small = formula_math::exp(-std::abs(z));
    const T slope = (z < 0 ? small : T{1}) / (1 + small);
    return {(z < 0 ? T{0} : z) + formula_math::log1p(small), is_positive ? -slope : slope};
  }

  TwoWeights<T> two_weights() const {
    if (pos_weight == nullptr) return {true, T{1}, T{1}};
    return {weight_count == 1, T{1}, *pos_weight};
  }
};

// Calls `f` with the elements in their own types. `pos_weight`: empty, or in x's dtype and on its device.
template <class F>
void visit_elements(const Arrays& xs, const Array& pos_weight,
                    const std::optional<std::int64_t>& ignore_label, F f) {
  const Array& x = xs[0];
  std::size_t inner = 1;
  for (std::size_t axis = 2; axis < x.ndim(); ++axis) inner *= x.shape()[axis];
  visit_scores_and_labels(x, xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    f(BinaryElements<T, Label>{x.data<T>(), xs[1].data<Label>(), ignored_label(ignore_label),
                               data_or_null<T>(pos_weight), pos_weight ? pos_weight.size() : 1,
                               std::max<std::size_t>(inner, 1)});
  });
}

}  // namespace tenbin::detail
