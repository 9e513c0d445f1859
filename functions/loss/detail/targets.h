// The targets of softmax cross entropy, as t and the options define them, and the terms of one position and
// of one class in the loss and in the gradient. The same on the CPU and in kernels. Internal.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>

#include "tenbin/core/array.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/core/lines.h"
#include "tenbin/core/log_sum.h"
#include "tenbin/functions/loss/detail/weighted_sums.h"

// Functions over a group: in a .cu file they are for kernels, since the group's `reduce` is.
#ifdef __CUDACC__
#define TENBIN_GROUP_FUNCTION __device__
#else
#define TENBIN_GROUP_FUNCTION
#endif

namespace tenbin::detail {

// C values with a stride: the class axis at one position.
template <class T>
struct Line {
  T* values;
  std::size_t stride;

  constexpr T& operator[](std::size_t c) const { return values[c * stride]; }
};

// Pointers and sizes of a loss. Position p = i * inner + j of t is line p of x along the class axis.
template <class T>
struct Problem {
  const T* x;
  Lines lines;
  const T* class_weight;   // null: ones
  const T* sample_weight;  // null: ones

  // Weights in x's dtype and on its device, or empty. They must outlive the problem.
  Problem(const Array& scores, const Array& of_class, const Array& of_sample)
      : x(scores.data<T>()),
        lines(lines_along(scores.shape(), 1)),
        class_weight(data_or_null<T>(of_class)),
        sample_weight(data_or_null<T>(of_sample)) {}

  constexpr std::size_t batch_size() const { return lines.outer; }
  constexpr std::size_t n_class() const { return lines.length; }
  constexpr std::size_t positions() const { return lines.count(); }
  // Of an array of x's shape, the line that begins at element `start`.
  template <class U>
  constexpr Line<U> line(U* values, std::size_t start) const {
    return {values + start, lines.inner};
  }
};

// ---- the target of one position --------------------------------------------------------------------------

// A target is a distribution q over the classes times their weights: with a[c] = w[c] q[c], the cross entropy
// is -sum_c a[c] z[c] and its gradient (sum_k a[k]) softmax(x)[c] - a[c]. A target that is not `valid` is
// ignored.

// A label: q is 1 for one class.
template <class T>
struct LabelTarget {
  bool valid;
  std::size_t label;
  T weight;
  std::size_t n_class;
};

// Several classes: soft targets, or a smoothed label.
template <class T>
struct SpreadTarget {
  bool valid;
  Line<const T> soft;  // null for a label
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

  // The term of class c in w[t] of a label, or in sum_c w[c] q[c] of a soft target: in
  // `Normalize::weight_sum`.
  constexpr double unsmoothed(std::size_t c) const { return static_cast<double>(weight(c) * share(c)); }

  // The term of class c in minus the loss.
  constexpr double log_likelihood(std::size_t c, T x, LogSum<T> norm) const {
    return amount(c) == T{0} ? 0 : static_cast<double>(amount(c)) * norm.log_softmax(x);
  }

  // With respect to x[c]; `total` is the sum of all amounts.
  constexpr T gradient(std::size_t c, double scale, T total, T softmax) const {
    return static_cast<T>(scale * static_cast<double>(total * softmax - amount(c)));
  }

  // With respect to the soft target of class c: -w[c] z[c], smoothed, minus `divided_loss` w[c], which is the
  // loss if targets are part of the divisor and 0 otherwise.
  constexpr T target_gradient(std::size_t c, double scale, T x, LogSum<T> norm, T divided_loss) const {
    const double factor = scale * static_cast<double>(weight(c));
    if (weight(c) == T{0} || static_cast<T>(factor) == T{0}) return T{0};
    const T slope = -(1 - smoothing) * static_cast<T>(norm.log_softmax(x)) - divided_loss;
    if (!fits<T>(factor)) return scaled(slope, scale, static_cast<double>(weight(c)));
    return static_cast<T>(factor) * slope;
  }
};

// ---- the targets of all positions ------------------------------------------------------------------------

template <class T, class Label>
struct LabelTargets {
  using Target = LabelTarget<T>;

  const Label* labels;
  std::int64_t ignore_label;
  const T* class_weight;
  std::size_t n_class;

  // Without branches and in no more bits than a label has, for loops over all labels.
  constexpr bool is_class(std::size_t p) const {
    using Bits = std::conditional_t<sizeof(Label) == 8, std::uint64_t, std::uint32_t>;
    constexpr auto most = static_cast<Bits>(std::numeric_limits<Label>::max());
    return static_cast<Bits>(labels[p]) <= (n_class > most ? most : static_cast<Bits>(n_class - 1));
  }
  constexpr bool is_ignored(std::size_t p) const {
    const auto ignored = static_cast<Label>(ignore_label);
    return ((ignored == ignore_label) & (labels[p] == ignored)) != 0;
  }
  constexpr std::int64_t label(std::size_t p) const { return labels[p]; }
  // A class that is not ignored; neither a class nor ignored.
  constexpr bool is_valid(std::size_t p) const {
    const bool known = is_class(p), ignored = is_ignored(p);
    return (known & !ignored) != 0;
  }
  constexpr bool is_wrong(std::size_t p) const {
    const bool known = is_class(p), ignored = is_ignored(p);
    return (!known & !ignored) != 0;
  }

  // A wrong label is ignored.
  constexpr LabelTarget<T> operator[](std::size_t p) const {
    const bool valid = is_valid(p);
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

  constexpr std::int64_t label(std::size_t) const { return 0; }  // there are no labels
  constexpr bool is_wrong(std::size_t) const { return false; }
};

// Calls `f` with the targets in their own type. `class_weight`: null, or on the device of t.
template <class T, class F>
void visit_targets(const Array& t, const Problem<T>& problem, double label_smoothing,
                   const std::optional<std::int64_t>& ignore_label, F f) {
  const Lines& lines = problem.lines;
  const T smoothing = static_cast<T>(label_smoothing);
  const T spread = smoothing / static_cast<T>(lines.length);
  if (is_floating(t.dtype()))
    return f(SoftTargets<T>{t.data<T>(), lines, problem.class_weight, smoothing, spread});
  visit_integer(t.dtype(), [&](auto zero) {
    using Label = decltype(zero);
    const LabelTargets<T, Label> targets{t.data<Label>(), ignored_label(ignore_label), problem.class_weight,
                                         lines.length};
    if (smoothing == T{0}) return f(targets);
    f(SmoothedTargets<T, Label>{targets, smoothing, spread});
  });
}

// ---- one position, by its group --------------------------------------------------------------------------

// `group` is the threads that share a position: `gpu::Lanes` or `gpu::Block` in a kernel (cuda/group.cuh),
// one thread on the CPU. Each thread takes the classes rank(), rank() + width, ...; `reduce` combines their
// values.
struct GroupOfOne {
  static constexpr int width = 1;
  static constexpr std::size_t rank() { return 0; }
  template <class T, class Op>
  static constexpr T reduce(T value, Op) {
    return value;
  }
};

// The target of position p, whose line begins at `start`. Soft targets that are all 0 are ignored.
template <class Group, class Targets>
TENBIN_GROUP_FUNCTION auto target_at(Group, const Targets& targets, std::size_t p, std::size_t) {
  return targets[p];
}

template <class Group, class T>
TENBIN_GROUP_FUNCTION SpreadTarget<T> target_at(Group group, const SoftTargets<T>& targets, std::size_t,
                                                std::size_t start) {
  const Line<const T> soft{targets.values + start, targets.lines.inner};
  int any = 0;
  for (std::size_t c = group.rank(); c < targets.lines.length; c += Group::width)
    if (soft[c] != T{0}) any = 1;
  const bool valid = group.reduce(any, std::logical_or<>()) != 0;
  return {valid, soft, 0, targets.class_weight, targets.smoothing, targets.spread, targets.lines.length};
}

// The term of a position in `Normalize::weight_sum`.
template <class Group, class T>
TENBIN_GROUP_FUNCTION double unsmoothed_total(Group, const LabelTarget<T>& target) {
  return static_cast<double>(target.weight);
}

template <class Group, class T>
TENBIN_GROUP_FUNCTION double unsmoothed_total(Group group, const SpreadTarget<T>& target) {
  if (target.soft.values == nullptr) return static_cast<double>(target.weight(target.label));
  double total = 0;
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width) total += target.unsmoothed(c);
  return group.reduce(total, std::plus<>());
}

template <class Group, class T>
TENBIN_GROUP_FUNCTION double cross_entropy(Group, const LabelTarget<T>& target, Line<const T> x,
                                           LogSum<T> norm) {
  return target.weight == T{0} ? 0 : -static_cast<double>(target.weight) * norm.log_softmax(x[target.label]);
}

template <class Group, class T>
TENBIN_GROUP_FUNCTION double cross_entropy(Group group, const SpreadTarget<T>& target, Line<const T> x,
                                           LogSum<T> norm) {
  double loss = 0;
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width)
    loss -= target.log_likelihood(c, x[c], norm);
  return group.reduce(loss, std::plus<>());
}

template <class Group, class T>
TENBIN_GROUP_FUNCTION void fill_zero(Group group, Line<T> line, std::size_t count) {
  for (std::size_t c = group.rank(); c < count; c += Group::width) line[c] = T{0};
}

// The gradient with respect to x. `softmax_at(c)` is softmax(x)[c]; it may read gx[c].
template <class Group, class T, class SoftmaxAt>
TENBIN_GROUP_FUNCTION void spread_gradient(Group group, const SpreadTarget<T>& target, double scale,
                                           SoftmaxAt softmax_at, Line<T> gx) {
  double sum = 0;
  int any = 0;
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width) {
    sum += static_cast<double>(target.amount(c));
    if (target.amount(c) != T{0}) any = 1;
  }
  const T total = static_cast<T>(group.reduce(sum, std::plus<>()));
  const bool weighted = group.reduce(any, std::logical_or<>()) != 0 && scale != 0;
  if (!weighted) return fill_zero(group, gx, target.n_class);  // x may be NaN there
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width)
    gx[c] = target.gradient(c, scale, total, softmax_at(c));
}

// The gradient with respect to the soft targets.
template <class Group, class T>
TENBIN_GROUP_FUNCTION void target_gradient(Group group, const SpreadTarget<T>& target, double scale,
                                           Line<const T> x, LogSum<T> norm, T divided_loss, Line<T> gt) {
  for (std::size_t c = group.rank(); c < target.n_class; c += Group::width)
    gt[c] = target.target_gradient(c, scale, x[c], norm, divided_loss);
}

}  // namespace tenbin::detail

#undef TENBIN_GROUP_FUNCTION
