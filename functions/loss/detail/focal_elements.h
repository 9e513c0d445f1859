// The elements of the focal losses: the cross entropies of all positions, with their labels. The same on the
// CPU and in kernels. Internal.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/functions/formula_math.h"
#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

// (1 - p)^gamma l of the cross entropy l = -log p, and its derivative. `power`: raises to gamma. Without
// branches, unless `power` has some: loops are vectorised.
template <class T, class Power>
[[gnu::always_inline]] constexpr Terms<T> focal(T l, const Power& power) {
  const T gamma = power.gamma;
  if (gamma == 0) return {l, T{1}};
  const bool is_certain = l <= 0;  // p = 1; by rounding, l may be negative, and 1 - p too
  const T positive = is_certain ? T{1} : l;
  const T p = formula_math::exp(-positive);
  const T rest = -formula_math::expm1(-positive);  // 1 - p
  const T factor = power(rest);
  const T pull = p == 0 ? T{0} : gamma * p * (positive / rest);
  return {is_certain ? T{0} : factor * l, is_certain ? T{0} : factor * (1 + pull)};
}

// Gamma 2, the default, whose loops are vectorised; and any other.
template <class T>
struct Square {
  static constexpr T gamma = 2;
  constexpr T operator()(T x) const { return x * x; }
};
template <class T>
struct AnyPower {
  T gamma;
  constexpr T operator()(T x) const { return std::pow(x, gamma); }
};

template <class T, class LabelType, class Power>
struct FocalElements {
  using Scalar = T;
  using Label = LabelType;

  const T* l;
  const Label* t;
  std::int64_t ignore_label;
  Power power;
  const T* class_weight;  // null, or n_label of them
  std::uint64_t n_label;  // without weights, any label that is not negative is valid

  // The cross entropy has reported wrong labels; here they are ignored.
  constexpr bool is_wrong(std::size_t) const { return false; }
  constexpr bool is_valid(std::size_t i) const {
    const std::int64_t label = t[i];
    const bool known = static_cast<std::uint64_t>(label) < n_label, ignored = label == ignore_label;
    return (known & !ignored) != 0;
  }
  constexpr T weight(std::size_t i) const {
    return class_weight == nullptr ? T{1} : class_weight[static_cast<std::size_t>(t[i])];
  }

  [[gnu::always_inline]] constexpr Terms<T> terms(std::size_t i) const { return focal(l[i], power); }

  TwoWeights<T> two_weights() const {
    if (class_weight == nullptr) return {true, T{1}, T{1}};
    return {n_label == 2, class_weight[0], class_weight[n_label > 1 ? 1 : 0]};
  }
};

// Calls `f` with the elements in their own types. `class_weight`: empty, or in l's dtype and on its device.
template <class F>
void visit_focal_elements(const Arrays& xs, double gamma, const Array& class_weight,
                          const std::optional<std::int64_t>& ignore_label, F f) {
  visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    const auto visit = [&](auto power) {
      f(FocalElements<T, Label, decltype(power)>{
          xs[0].data<T>(), xs[1].data<Label>(), ignored_label(ignore_label), power,
          data_or_null<T>(class_weight), class_weight ? class_weight.size() : std::uint64_t{1} << 63});
    };
    if (gamma == 2) return visit(Square<T>());
    return visit(AnyPower<T>{static_cast<T>(gamma)});
  });
}

}  // namespace tenbin::detail
