#include "tenbin/datasets/split.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/file.h"
#include "tenbin/core/random.h"
#include "tenbin/datasets/detail/fraction.h"

namespace tenbin {

namespace {

constexpr const char* function = "stratified_split";

using Indices = std::vector<std::size_t>;

// How many samples of each class go to a set of `n_taken` of all `sizes`: the shares rounded down, plus one
// for the largest remainders. Of each class, at least one goes there and at least `kept` stay.
Indices counts_of(const Indices& sizes, std::size_t n_taken, std::size_t kept) {
  const std::size_t n = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  Indices counts;
  Indices remainders;  // in units of 1 / n: integers, so that ties are exact
  for (const std::size_t size : sizes) {
    counts.push_back(size * n_taken / n);
    remainders.push_back(size * n_taken % n);
  }
  Indices by_remainder(sizes.size());
  std::iota(by_remainder.begin(), by_remainder.end(), std::size_t{0});
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  const std::size_t left = n_taken - std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  for (std::size_t i = 0; i < left; ++i) ++counts[by_remainder[i]];
  for (std::size_t c = 0; c < sizes.size(); ++c)
    counts[c] = std::clamp(counts[c], std::size_t{1}, sizes[c] - kept);
  return counts;
}

std::size_t share_of(double fraction, std::size_t n) {
  return static_cast<std::size_t>(detail::decimal_ceil(fraction * static_cast<double>(n)));
}

// `valid` of 0: two sides.
ThreeWaySplit split_classes(const SplitLabels& labels, double valid, double test, std::uint64_t seed) {
  const Array t = labels.checked(function);
  if (t.size() == 0) throw Error(function, ": there are no samples");
  const std::size_t n_sides = valid > 0 ? 3 : 2;
  std::vector<Indices> classes;
  Indices sizes;
  for (auto& [c, samples] : detail::samples_by_class(t)) {
    if (samples.size() < n_sides)
      throw Error(function, ": class ", c, " has ", samples.size(),
                  samples.size() == 1 ? " sample" : " samples",
                  n_sides == 2 ? ", both sides need one" : ", all three sides need one");
    sizes.push_back(samples.size());
    classes.push_back(std::move(samples));
  }
  const Indices n_test = counts_of(sizes, share_of(test, t.size()), n_sides - 1);
  Indices n_valid(classes.size(), 0);
  if (valid > 0) {
    for (std::size_t c = 0; c < sizes.size(); ++c) sizes[c] -= n_test[c];
    const std::size_t rest = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
    n_valid = counts_of(sizes, std::min(share_of(valid, t.size()), rest), 1);
  }
  random::Generator generator(seed);
  ThreeWaySplit split;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const Indices order = generator.permutation(classes[c].size());
    for (std::size_t i = 0; i < order.size(); ++i)
      (i < n_test[c]                ? split.test
       : i < n_test[c] + n_valid[c] ? split.valid
                                    : split.train)
          .push_back(classes[c][order[i]]);
  }
  for (Indices* const side : {&split.train, &split.valid, &split.test}) std::sort(side->begin(), side->end());
  return split;
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
  ThreeWaySplit split = split_classes(labels, 0, test_fraction, seed);
  return {std::move(split.train), std::move(split.test)};
}

ThreeWaySplit stratified_split(const SplitLabels& labels, const ThreeWayOptions& options) {
  detail::require_shares(function, options.valid, options.test);
  return split_classes(labels, options.valid, options.test, options.seed);
}

void detail::require_shares(const char* function, double valid, double test) {
  if (!(valid >= 0 && valid < 1)) throw Error(function, ": expected valid in [0, 1), got ", valid);
  if (!(test > 0 && test < 1)) throw Error(function, ": expected test in (0, 1), got ", test);
  if (valid + test >= 1)
    throw Error(function, ": valid and test, ", valid, " and ", test, ", leave no samples for training");
}

void detail::require_classes(const char* function, const Array& t,
                             const std::vector<std::pair<const char*, const Indices*>>& sides,
                             const std::vector<std::string>& names, const char* advice) {
  const std::vector<std::int64_t> label = t.to_vector<std::int64_t>();
  const std::set<std::int64_t> classes(label.begin(), label.end());
  for (const auto& [side, samples] : sides) {
    std::set<std::int64_t> missing = classes;
    for (const std::size_t i : *samples) missing.erase(label[i]);
    const auto first = missing.lower_bound(0);
    if (first == missing.end()) continue;
    const auto c = static_cast<std::size_t>(*first);
    throw Error(function, ": class ", c, c < names.size() ? " (\"" + printable(names[c]) + "\")" : "",
                " has no samples in the ", side, " set; ", advice, ", or pass `.require_classes = false`");
  }
}

}  // namespace tenbin
