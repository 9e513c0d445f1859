// The elements of sigmoid cross entropy: logits with labels 0 and 1. The same on the CPU and in kernels.
// Internal.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"
#include "tenbin/core/detail/labels.h"
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
  constexpr bool is_wrong(std::size_t i) const { return !is_class(i) && t[i] != ignore_label; }
  // A wrong label is ignored.
  constexpr bool is_valid(std::size_t i) const { return is_class(i) && t[i] != ignore_label; }
  constexpr T weight(std::size_t i) const {
    return t[i] == 1 && pos_weight != nullptr ? pos_weight[i / inner % weight_count] : T{1};
  }

  // exp(-|x|), of which the loss log(1 + exp(z)) and its derivative 1 / (1 + exp(-z)) are made; z is the
  // logit of the wrong answer.
  constexpr T common(std::size_t i) const { return std::exp(-std::abs(x[i])); }

  // `unit`: multiplies the weight. Where the weight is 0, x may be NaN.
  constexpr double loss(std::size_t i, T small, double unit) const {
    const T w = is_valid(i) ? weight(i) : T{0};
    if (w == T{0}) return 0;
    return static_cast<double>(w) * unit * static_cast<double>(std::max(z(i), T{0}) + std::log1p(small));
  }

  // `outer`: the gradient of the element's loss. Its product with the weight may be infinite in T though the
  // product with a small slope is not.
  constexpr T gradient(std::size_t i, T small, double outer) const {
    const T scale = product_or_zero(static_cast<T>(outer), weight(i));
    if (!is_valid(i) || scale == T{0}) return T{0};
    const T of_z = (z(i) < 0 ? small : T{1}) / (1 + small);
    const T slope = t[i] == 1 ? -of_z : of_z;
    if (fits<T>(static_cast<double>(scale))) return scale * slope;
    return scaled(slope, outer, static_cast<double>(weight(i)));
  }

 private:
  constexpr T z(std::size_t i) const { return t[i] == 1 ? -x[i] : x[i]; }
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
