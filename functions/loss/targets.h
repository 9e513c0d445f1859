// The targets of softmax cross entropy, as t and the options give them: what one position, and there one
// class, adds to the loss and to the gradient. The same on the CPU and in kernels. Internal.
#pragma once

#include "tenbin/core/lines.h"
#include "tenbin/core/log_sum.h"
#include "tenbin/functions/loss/loss_support.h"

namespace tenbin::detail {

// C values that lie `stride` apart: the class axis at one position.
template <class T>
struct Row {
  T* values;
  std::size_t stride;

  constexpr T& operator[](std::size_t c) const { return values[c * stride]; }
};

// A target is a distribution q over the classes times their weights: with a[c] = w[c] q[c], the cross entropy
// is -sum_c a[c] z[c] and its gradient (sum_k a[k]) softmax(x)[c] - a[c]. One that is not `valid` is ignored.

// All of it on one class: a label.
template <class T>
struct LabelTarget {
  bool valid;
  std::size_t label;
  T weight;
  std::size_t n_class;

  constexpr double unsmoothed_total() const { return static_cast<double>(weight); }

  constexpr double cross_entropy(Row<const T> x, LogSum<T> norm) const {
    return weight == T{0} ? 0 : -static_cast<double>(weight) * norm.log_softmax(x[label]);
  }
};

// Spread over the classes: soft targets, or a smoothed label.
template <class T>
struct SpreadTarget {
  bool valid;
  Row<const T> soft;  // no values for a label
  std::size_t label;
  const T* class_weight;  // null: ones
  T smoothing;
  T spread;  // smoothing / n_class
  std::size_t n_class;

  constexpr T weight(std::size_t c) const { return class_weight == nullptr ? T{1} : class_weight[c]; }
  constexpr T share(std::size_t c) const {
    if (soft.values != nullptr) return soft[c];
    return c == label ? T{1} : T{0};
  }
  constexpr T amount(std::size_t c) const { return weight(c) * ((1 - smoothing) * share(c) + spread); }

  // What class c adds to w[t] of a label, or sum_c w[c] q[c] of a soft target: what weight_sum adds up.
  constexpr double unsmoothed(std::size_t c) const { return static_cast<double>(weight(c) * share(c)); }

  // What class c takes from the loss.
  constexpr double log_likelihood(std::size_t c, T x, LogSum<T> norm) const {
    return amount(c) == T{0} ? 0 : static_cast<double>(amount(c)) * norm.log_softmax(x);
  }

  // With respect to x[c]; `total` is the sum of all amounts.
  constexpr T gradient(std::size_t c, double scale, T total, T softmax) const {
    return static_cast<T>(scale * static_cast<double>(total * softmax - amount(c)));
  }

  // With respect to a soft target itself: -w[c] z[c] smoothed, less what a divisor made of targets takes
  // back.
  constexpr T target_gradient(std::size_t c, double scale, T x, LogSum<T> norm, T divided_loss) const {
    const double factor = scale * static_cast<double>(weight(c));
    if (weight(c) == T{0} || static_cast<T>(factor) == T{0}) return T{0};
    const T slope = -(1 - smoothing) * static_cast<T>(norm.log_softmax(x)) - divided_loss;
    if (!fits<T>(factor)) return scaled(slope, scale, static_cast<double>(weight(c)));
    return static_cast<T>(factor) * slope;
  }
};

// The targets of all positions, by how t and the options give them.

template <class T, class Label>
struct LabelTargets {
  using Target = LabelTarget<T>;

  const Label* labels;
  std::int64_t ignore_label;
  const T* class_weight;
  std::size_t n_class;

  constexpr bool is_class(std::size_t p) const {
    return static_cast<std::uint64_t>(std::int64_t{labels[p]}) < n_class;
  }
  constexpr std::int64_t label(std::size_t p) const { return labels[p]; }
  // Neither a class nor ignored. Without a branch, for loops over all labels.
  constexpr bool is_wrong(std::size_t p) const { return (!is_class(p) & (labels[p] != ignore_label)) != 0; }

  // Where the label is wrong, one that is ignored.
  constexpr LabelTarget<T> operator[](std::size_t p) const {
    const bool valid = is_class(p) && labels[p] != ignore_label;
    const std::size_t label = valid ? static_cast<std::size_t>(labels[p]) : 0;
    return {valid, label, class_weight == nullptr ? T{1} : class_weight[label], n_class};
  }
};

template <class T, class Label>
struct SmoothedTargets {
  using Target = SpreadTarget<T>;

  LabelTargets<T, Label> targets;
  T smoothing;
  T spread;

  constexpr std::int64_t label(std::size_t p) const { return targets.label(p); }
  constexpr bool is_wrong(std::size_t p) const { return targets.is_wrong(p); }

  constexpr SpreadTarget<T> operator[](std::size_t p) const {
    const LabelTarget<T> target = targets[p];
    return {target.valid, {nullptr, 0}, target.label,  targets.class_weight,
            smoothing,    spread,       target.n_class};
  }
};

template <class T>
struct SoftTargets {
  using Target = SpreadTarget<T>;

  const T* values;
  Lines lines;
  const T* class_weight;
  T smoothing;
  T spread;

  constexpr std::int64_t label(std::size_t) const { return 0; }  // there are none
  constexpr bool is_wrong(std::size_t) const { return false; }

  // Of the line that begins at `start`, `valid` without having looked.
  constexpr SpreadTarget<T> unjudged(std::size_t start) const {
    return {true, {values + start, lines.inner}, 0, class_weight, smoothing, spread, lines.length};
  }

  constexpr SpreadTarget<T> operator[](std::size_t p) const {
    SpreadTarget<T> target = unjudged(lines.start(p));
    bool any = false;
    for (std::size_t c = 0; c < lines.length; ++c) any = any || target.soft[c] != T{0};
    target.valid = any;
    return target;
  }
};

// Calls `f` with the targets in their own type. `class_weight`: null, or on the device of t.
template <class T, class F>
void visit_targets(const Array& t, const Lines& lines, const T* class_weight,
                   const SoftmaxCrossEntropyOptions& options, F f) {
  const T smoothing = static_cast<T>(options.label_smoothing);
  const T spread = smoothing / static_cast<T>(lines.length);
  if (is_floating(t.dtype())) return f(SoftTargets<T>{t.data<T>(), lines, class_weight, smoothing, spread});
  visit_integer(t.dtype(), [&](auto zero) {
    using Label = decltype(zero);
    const LabelTargets<T, Label> targets{t.data<Label>(), ignored(options.ignore_label), class_weight,
                                         lines.length};
    if (smoothing == T{0}) return f(targets);
    f(SmoothedTargets<T, Label>{targets, smoothing, spread});
  });
}

}  // namespace tenbin::detail
