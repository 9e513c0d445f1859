// The elements of the focal losses: the cross entropies of all positions, with their labels. The same on the
// CPU and in kernels. Internal.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "tenbin/core/array.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

// (1 - p)^gamma l of the cross entropy l = -log p, and its derivative.
template <class T>
struct Focal {
  T value;
  T slope;
};

template <class T>
constexpr Focal<T> focal(T l, T gamma) {
  if (gamma == 0) return {l, T{1}};
  if (l <= 0) return {T{0}, T{0}};  // p = 1; by rounding, l may be negative, and 1 - p too
  const T p = std::exp(-l);
  const T rest = -std::expm1(-l);  // 1 - p
  const T factor = std::pow(rest, gamma);
  const T pull = p == 0 ? T{0} : gamma * p * (l / rest);
  return {factor * l, factor * (1 + pull)};
}

template <class T, class LabelType>
struct FocalElements {
  using Scalar = T;
  using Label = LabelType;

  const T* l;
  const Label* t;
  std::int64_t ignore_label;
  T gamma;
  const T* class_weight;  // null, or n_class of them
  std::size_t n_class;

  // The cross entropy has reported wrong labels; here they are ignored.
  constexpr bool is_wrong(std::size_t) const { return false; }
  constexpr bool is_valid(std::size_t i) const {
    const std::int64_t label = t[i];
    const bool is_class =
        label >= 0 && (class_weight == nullptr || static_cast<std::size_t>(label) < n_class);
    return is_class && label != ignore_label;
  }
  constexpr T weight(std::size_t i) const {
    return class_weight == nullptr ? T{1} : class_weight[static_cast<std::size_t>(t[i])];
  }

  constexpr Focal<T> common(std::size_t i) const { return focal(l[i], gamma); }

  // Not multiplied by 0: l may be infinite, and the slope NaN.
  constexpr double loss(std::size_t i, Focal<T> of_l, double unit) const {
    const double w = weighted(i, unit);
    return w == 0 ? 0 : w * static_cast<double>(of_l.value);
  }
  constexpr T gradient(std::size_t i, Focal<T> of_l, double outer) const {
    const double scale = weighted(i, outer);
    return static_cast<T>(scale * (scale == 0 ? 0 : static_cast<double>(of_l.slope)));
  }

 private:
  // In double: the product may be representable where its factors are not.
  constexpr double weighted(std::size_t i, double factor) const {
    return is_valid(i) ? product_or_zero(factor, static_cast<double>(weight(i))) : 0;
  }
};

// Calls `f` with the elements in their own types. `class_weight`: empty, or in l's dtype and on its device.
template <class F>
void visit_focal_elements(const Arrays& xs, double gamma, const Array& class_weight,
                          const std::optional<std::int64_t>& ignore_label, F f) {
  visit_scores_and_labels(xs[0], xs[1], [&](auto zero, auto label_zero) {
    using T = decltype(zero);
    using Label = decltype(label_zero);
    f(FocalElements<T, Label>{xs[0].data<T>(), xs[1].data<Label>(), ignored_label(ignore_label),
                              static_cast<T>(gamma), data_or_null<T>(class_weight), class_weight.size()});
  });
}

}  // namespace tenbin::detail
