// The number of samples per class after resampling.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

/// The class counts that a sampler aims for (imbalanced-learn: `sampling_strategy`).
///
///     {}                   "auto": over-sampling raises every class to the largest one's count,
///                          under-sampling brings every class down to the smallest one's
///     0.5                  a ratio in (0, 1]: over-sampling raises every class to half the largest one's
///                          count, under-sampling brings every class down to twice the smallest one's; a
///                          class that is there already stays as it is; counts are rounded down, as the
///                          decimal number says: 0.29 of 100 is 29
///     {{1, 500}, {2, 80}}  counts for these classes, the others stay as they are
class SamplingStrategy {
 public:
  using Counts = std::map<std::int64_t, std::size_t>;

  SamplingStrategy() = default;
  SamplingStrategy(double ratio) : ratio_(ratio) {}                // NOLINT(google-explicit-constructor)
  SamplingStrategy(Counts counts) : counts_(std::move(counts)) {}  // NOLINT(google-explicit-constructor)
  SamplingStrategy(std::initializer_list<Counts::value_type> counts) : counts_(counts) {}

  /// The target counts, from the counts of `classes`. Errors: a ratio outside (0, 1]; a class that does not
  /// occur; a target below (over-sampling) or above (under-sampling) the count of the class; fewer than two
  /// classes.
  Counts over_sampling(const char* function, const Counts& classes) const;
  Counts under_sampling(const char* function, const Counts& classes) const;

 private:
  void check(const char* function, const Counts& classes) const;

  double ratio_ = 1;
  Counts counts_;  // empty: use the ratio
};

namespace detail {

using ClassRows = std::map<std::int64_t, std::vector<std::size_t>>;

// The number of rows of every class.
SamplingStrategy::Counts counts_of(const ClassRows& classes);

// The class with the fewest rows; ties go to the smallest label. Precondition: there is a class.
std::int64_t minority_class(const SamplingStrategy::Counts& classes);
std::int64_t majority_class(const SamplingStrategy::Counts& classes);

}  // namespace detail

}  // namespace tenbin
