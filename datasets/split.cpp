#include "tenbin/datasets/split.h"

#include <algorithm>
#include <numeric>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/random.h"
#include "tenbin/datasets/detail/fraction.h"

namespace tenbin {

namespace {

constexpr const char* function = "stratified_split";

using Indices = std::vector<std::size_t>;

// The number of test samples per class: the shares rounded down, plus one for the largest remainders.
Indices test_counts(const std::vector<Indices>& classes, std::size_t n_test, std::size_t n) {
  Indices counts;
  Indices remainders;  // in units of 1 / n: integers, so that ties are exact
  for (const Indices& samples : classes) {
    counts.push_back(samples.size() * n_test / n);
    remainders.push_back(samples.size() * n_test % n);
  }
  Indices by_remainder(classes.size());
  std::iota(by_remainder.begin(), by_remainder.end(), std::size_t{0});
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  const std::size_t left = n_test - std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  for (std::size_t i = 0; i < left; ++i) ++counts[by_remainder[i]];
  for (std::size_t c = 0; c < classes.size(); ++c)
    counts[c] = std::clamp(counts[c], std::size_t{1}, classes[c].size() - 1);
  return counts;
}

}  // namespace

Array SplitLabels::checked(const char* caller) const {
  if (resampled_by_ != nullptr)
    throw Error(
        caller, ": the data set was resampled by ", resampled_by_,
        ", which would put copies or relatives of a row on both sides; split first, then resample the "
        "training part");
  return detail::to_label_vector(caller, "t", t_);
}

Split stratified_split(const SplitLabels& labels, double test_fraction, std::uint64_t seed) {
  if (!(test_fraction > 0 && test_fraction < 1))
    throw Error(function, ": expected a test_fraction in (0, 1), got ", test_fraction);
  const Array t = labels.checked(function);
  if (t.size() == 0) throw Error(function, ": there are no samples");
  std::vector<Indices> classes;
  for (auto& [c, samples] : detail::samples_by_class(t)) {
    if (samples.size() < 2) throw Error(function, ": class ", c, " has 1 sample, both sides need one");
    classes.push_back(samples);
  }
  const auto n_test =
      static_cast<std::size_t>(detail::decimal_ceil(test_fraction * static_cast<double>(t.size())));
  const Indices counts = test_counts(classes, n_test, t.size());
  random::Generator generator(seed);
  Split split;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const Indices order = generator.permutation(classes[c].size());
    for (std::size_t i = 0; i < order.size(); ++i)
      (i < counts[c] ? split.test : split.train).push_back(classes[c][order[i]]);
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

}  // namespace tenbin
