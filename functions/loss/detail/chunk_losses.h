// The losses and gradients of one chunk of positions in softmax cross entropy on the CPU (cpu/softmax.h): for
// labels in loops over the positions without branches, which are vectorised; for smoothed labels and soft
// targets position by position. Internal.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "tenbin/core/small_vector.h"
#include "tenbin/cpu/softmax.h"
#include "tenbin/functions/loss/detail/targets.h"

namespace tenbin::detail {

using cpu::SoftmaxChunk;

// ---- the labels of one chunk -----------------------------------------------------------------------------

// The weights of the labels. Of few classes they are chosen by comparisons, which are vectorised.
template <class T, class Label>
void class_weights_of(const T* weight, std::size_t n_class, const Label* __restrict label, std::size_t count,
                      T* __restrict weights) {
  if (n_class > 3) {
    for (std::size_t i = 0; i < count; ++i) weights[i] = weight[label[i]];
    return;
  }
  const T first = weight[0], second = weight[n_class > 1 ? 1 : 0], last = weight[n_class - 1];
  for (std::size_t i = 0; i < count; ++i) {
    const T later = label[i] == 1 ? second : last;
    weights[i] = label[i] == 0 ? first : later;
  }
}

// The scores of the labels, in the same way: x[i * n_class + label[i]].
template <std::size_t n_class, class T, class Label>
void scores_of_few(const T* x, const Label* __restrict label, std::size_t count, T* __restrict scores) {
  for (std::size_t i = 0; i < count; ++i) {
    const T first = x[n_class * i], second = x[n_class * i + 1], last = x[n_class * i + n_class - 1];
    const T later = label[i] == 1 ? second : last;
    scores[i] = label[i] == 0 ? first : later;
  }
}

template <class T, class Label>
void scores_of(const T* x, std::size_t n_class, const Label* __restrict label, std::size_t count,
               T* __restrict scores) {
  if (n_class == 2) return scores_of_few<2>(x, label, count, scores);
  if (n_class == 3) return scores_of_few<3>(x, label, count, scores);
  for (std::size_t i = 0; i < count; ++i) scores[i] = x[i * n_class + static_cast<std::size_t>(label[i])];
}

// Labels as targets: those of the chunk are stored in `chunk.label`, 0 for an ignored position.
template <class T>
struct ChunkLabels {
  T weight[SoftmaxChunk<T>::size];  // of the class; 0 for an ignored position

  template <class Label>
  ChunkLabels(const LabelTargets<T, Label>& targets, SoftmaxChunk<T>& chunk) {
    using ChunkLabel = typename SoftmaxChunk<T>::Label;
    const LabelTargets<T, Label> mine{targets.labels + chunk.first(), targets.ignore_label,
                                      targets.class_weight, targets.n_class};
    const std::size_t count = chunk.count();
    for (std::size_t i = 0; i < count; ++i)
      chunk.label[i] = mine.is_valid(i) ? static_cast<ChunkLabel>(mine.labels[i]) : ChunkLabel{0};
    if (targets.class_weight == nullptr) {
      std::fill_n(weight, count, T{1});
    } else {
      class_weights_of(targets.class_weight, targets.n_class, chunk.label, count, weight);
    }
    for (std::size_t i = 0; i < count; ++i) weight[i] = mine.is_valid(i) ? weight[i] : T{0};
  }
};

// ---- the losses of one chunk -----------------------------------------------------------------------------

// The loss of each line of the chunk, in `losses`.
template <class T, class Targets>
void chunk_losses(const Problem<T>& problem, const Targets& targets, const SoftmaxChunk<T>& chunk,
                  double* losses) {
  for (std::size_t i = 0; i < chunk.count(); ++i) {
    const std::size_t p = chunk.first() + i;
    const std::size_t start = problem.lines.start(p);
    const auto target = target_at(GroupOfOne(), targets, p, start);
    const double sample = weight_or_one(problem.sample_weight, p);
    losses[i] = target.valid && sample != 0
                    ? sample * cross_entropy(GroupOfOne(), target, problem.line(problem.x, start), chunk[i])
                    : 0;
  }
}

// The same for labels.
template <class T>
void chunk_losses(const Problem<T>& problem, const ChunkLabels<T>& labels, const SoftmaxChunk<T>& chunk,
                  double* __restrict losses) {
  const Lines& lines = problem.lines;
  const std::size_t count = chunk.count();
  T score[SoftmaxChunk<T>::size];
  if (lines.inner == 1) {
    scores_of(problem.x + chunk.first() * lines.length, lines.length, chunk.label, count, score);
  } else {
    for (std::size_t i = 0; i < count; ++i)
      score[i] =
          problem.line(problem.x, lines.start(chunk.first() + i))[static_cast<std::size_t>(chunk.label[i])];
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double weight = static_cast<double>(labels.weight[i]);
    const double loss = -weight * chunk[i].log_softmax(score[i]);
    losses[i] = weight == 0 ? 0 : loss;
  }
  if (problem.sample_weight == nullptr) return;
  const T* const sample_weight = problem.sample_weight + chunk.first();
  for (std::size_t i = 0; i < count; ++i) {
    const double weight = static_cast<double>(sample_weight[i]);
    losses[i] = weight == 0 ? 0 : losses[i] * weight;
  }
}

// ---- the gradients of one chunk ---------------------------------------------------------------------------

// From this factor on, a gradient may be multiplied with gy later: only elements below 2^-62 of the largest
// one have lost digits in float.
constexpr double digits_kept_from = 0x1p-64;

// For chunks with a factor that is not finite in T: those products are computed in double. The product with a
// small slope may be finite, and where the weight is 0 the gradient is 0.
template <class T>
void label_gradients_by_double(const ChunkLabels<T>& labels, const Scale<T>& scale, const Problem<T>& problem,
                               SoftmaxChunk<T>& chunk, T* gx) {
  SmallVector<std::size_t, 4> beyond;
  for (std::size_t i = 0; i < chunk.count(); ++i) {
    if (!std::isinf(chunk.factor[i])) continue;
    chunk.factor[i] = T{1};
    beyond.push_back(i);
  }
  chunk.label_gradient(problem.x, gx);
  for (const std::size_t i : beyond) {
    const std::size_t p = chunk.first() + i;
    const Line<T> line = problem.line(gx, problem.lines.start(p));
    for (std::size_t c = 0; c < problem.n_class(); ++c)
      line[c] = scaled(line[c], scale(p), static_cast<double>(labels.weight[i]));
  }
}

// How many factors of a chunk are 0, are infinite or NaN in T, or are too small for a later multiplication.
struct FactorCounts {
  std::size_t zero = 0, infinite = 0, small = 0;
};

// Computes the factors of the chunk's lines, 0 where the weight is 0.
template <class T>
FactorCounts compute_factors(const ChunkLabels<T>& labels, const Scale<T>& scale, SoftmaxChunk<T>& chunk) {
  const auto factor_of = [&](std::size_t i, double outer) {
    return labels.weight[i] == T{0} ? 0 : outer * static_cast<double>(labels.weight[i]);
  };
  const auto factor_at = [&](std::size_t i) { return factor_of(i, scale(chunk.first() + i)); };
  const std::size_t count = chunk.count();
  if (scale.is_constant()) {
    const double outer = scale.coefficient;
    for (std::size_t i = 0; i < count; ++i) chunk.factor[i] = static_cast<T>(factor_of(i, outer));
  } else {
    for (std::size_t i = 0; i < count; ++i) chunk.factor[i] = static_cast<T>(factor_at(i));
  }
  std::int32_t zero = 0, infinite = 0, small = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const T size = std::abs(chunk.factor[i]);
    zero += size == T{0};
    infinite += !(size <= std::numeric_limits<T>::max());
    small += size < static_cast<T>(digits_kept_from);
  }
  FactorCounts counts{static_cast<std::size_t>(zero), static_cast<std::size_t>(infinite), 0};
  for (std::size_t i = 0; small > 0 && i < count; ++i)
    if (factor_at(i) != 0 && std::abs(factor_at(i)) < digits_kept_from) ++counts.small;
  return counts;
}

// The gradients of the chunk, in gx. Returns whether the factors keep the digits.
template <class T>
bool chunk_gradients(const Problem<T>& problem, const ChunkLabels<T>& labels, const Scale<T>& scale,
                     SoftmaxChunk<T>& chunk, T* gx) {
  const FactorCounts counts = compute_factors(labels, scale, chunk);
  if (counts.infinite == 0) {
    chunk.label_gradient(problem.x, gx);
  } else {
    label_gradients_by_double(labels, scale, problem, chunk, gx);
  }
  for (std::size_t i = 0; counts.zero > 0 && i < chunk.count(); ++i)
    if (chunk.factor[i] == T{0})  // set to 0 rather than multiplied by 0: x may be NaN there
      fill_zero(GroupOfOne(), problem.line(gx, problem.lines.start(chunk.first() + i)), problem.n_class());
  return counts.infinite == 0 && counts.small == 0;
}

// The same for smoothed labels and soft targets.
template <class T, class Targets>
bool chunk_gradients(const Problem<T>& problem, const Targets& targets, const Scale<T>& scale,
                     SoftmaxChunk<T>& chunk, T* gx) {
  const GroupOfOne group;
  bool all_keep = true;
  chunk.softmax(problem.x, gx);
  for (std::size_t i = 0; i < chunk.count(); ++i) {
    const std::size_t p = chunk.first() + i;
    const std::size_t start = problem.lines.start(p);
    const Line<T> gradient = problem.line(gx, start);
    const SpreadTarget<T> target = target_at(group, targets, p, start);
    if (!target.valid) {
      fill_zero(group, gradient, problem.n_class());
      continue;
    }
    double total = 0;  // no element of the gradient is larger than this times the scale
    for (std::size_t c = 0; c < problem.n_class(); ++c) total += static_cast<double>(target.amount(c));
    const double largest = std::abs(scale(p)) * total;
    all_keep = all_keep && (largest == 0 || largest >= digits_kept_from) && fits<T>(largest);
    spread_gradient(
        group, target, scale(p), [=](std::size_t c) { return gradient[c]; }, gradient);
  }
  return all_keep;
}

}  // namespace tenbin::detail
