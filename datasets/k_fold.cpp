#include "tenbin/datasets/k_fold.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tenbin/core/labels.h"
#include "tenbin/core/random.h"

namespace tenbin {

namespace {

using Indices = std::vector<std::size_t>;

constexpr std::uint64_t fold_stream = 0x666f6c6473;

void require_folds(const char* function, std::size_t n_splits) {
  if (n_splits < 2) throw Error(function, ": expected at least 2 folds, got ", n_splits);
}

// fold: of every sample.
std::vector<Split> splits_of(const Indices& fold, std::size_t n_splits) {
  std::vector<Split> splits(n_splits);
  for (std::size_t i = 0; i < fold.size(); ++i)
    for (std::size_t f = 0; f < n_splits; ++f) (f == fold[i] ? splits[f].test : splits[f].train).push_back(i);
  return splits;
}

std::vector<Split> one_repetition(const char* function, const SplitLabels& labels, std::size_t n_splits,
                                  random::Generator generator) {
  require_folds(function, n_splits);
  const Array t = labels.checked(function);
  if (t.size() == 0) throw Error(function, ": there are no samples");
  Indices fold(t.size());
  std::size_t next = 0;  // runs on from class to class, so that all folds come to the same size
  for (const auto& [c, samples] : detail::samples_by_class(t)) {
    if (samples.size() < n_splits)
      throw Error(function, ": class ", c, " has ", samples.size(), " samples, ", n_splits,
                  " folds need one each");
    for (const std::size_t i : generator.permutation(samples.size())) fold[samples[i]] = next++ % n_splits;
  }
  return splits_of(fold, n_splits);
}

// The samples of every group, groups ascending.
std::vector<Indices> samples_by_group(const char* function, const Array& t, const Array& groups,
                                      std::size_t n_splits) {
  require_folds(function, n_splits);
  const Array group = detail::to_label_vector(function, "groups", groups);
  if (group.size() != t.size())
    throw Error(function, ": labels and groups differ in length: ", t, " and ", groups);
  std::vector<Indices> all;
  for (auto& [g, samples] : detail::samples_by_class(group)) all.push_back(samples);
  if (all.size() < n_splits)
    throw Error(function, ": there are ", all.size(), " groups, ", n_splits, " folds need one each");
  return all;
}

std::size_t smallest(const Indices& sizes) {
  return static_cast<std::size_t>(std::min_element(sizes.begin(), sizes.end()) - sizes.begin());
}

double standard_deviation(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / n);
}

// How many samples of every class each group has: one row a group.
std::vector<std::vector<double>> class_counts_of(const std::vector<Indices>& groups, const Array& t) {
  const auto classes = detail::samples_by_class(t);
  std::vector<std::vector<double>> counts(groups.size(), std::vector<double>(classes.size()));
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const std::size_t i : groups[g]) {
      const auto c = std::distance(classes.begin(), classes.find(t.data<std::int64_t>()[i]));
      ++counts[g][static_cast<std::size_t>(c)];
    }
  return counts;
}

// The folds while groups are dealt out.
class Folds {
 public:
  Folds(std::size_t n_splits, std::vector<double> totals)
      : totals_(std::move(totals)),
        counts_(totals_.size(), std::vector<double>(n_splits)),
        sizes_(n_splits) {}

  // Where a group of these class counts leaves the folds the most alike.
  std::size_t best(const std::vector<double>& group) {
    std::size_t best = 0;
    double least = 0;
    for (std::size_t f = 0; f < sizes_.size(); ++f) {
      const double spread = spread_with(group, f);
      if (f == 0 || spread < least || (spread == least && sizes_[f] < sizes_[best])) {
        best = f;
        least = spread;
      }
    }
    return best;
  }

  void add(const std::vector<double>& group, std::size_t f) {
    for (std::size_t c = 0; c < group.size(); ++c) {
      counts_[c][f] += group[c];
      sizes_[f] += group[c];
    }
  }

 private:
  // The deviation over the folds of a class's share, summed over the classes.
  double spread_with(const std::vector<double>& group, std::size_t f) {
    double spread = 0;
    for (std::size_t c = 0; c < group.size(); ++c) {
      std::vector<double> shares = counts_[c];
      shares[f] += group[c];
      for (double& share : shares) share /= totals_[c];
      spread += standard_deviation(shares);
    }
    return spread;
  }

  std::vector<double> totals_;               // of every class
  std::vector<std::vector<double>> counts_;  // class, fold
  std::vector<double> sizes_;                // of every fold
};

}  // namespace

std::vector<Split> stratified_k_fold(const SplitLabels& labels, std::size_t n_splits, std::uint64_t seed) {
  return one_repetition("stratified_k_fold", labels, n_splits, random::substream(seed, fold_stream));
}

std::vector<Split> repeated_stratified_k_fold(const SplitLabels& labels, std::size_t n_splits,
                                              std::size_t n_repeats, std::uint64_t seed) {
  constexpr const char* function = "repeated_stratified_k_fold";
  if (n_repeats == 0) throw Error(function, ": expected at least 1 repeat, got 0");
  std::vector<Split> all;
  for (std::size_t r = 0; r < n_repeats; ++r)
    for (Split& split : one_repetition(function, labels, n_splits, random::substream(seed, fold_stream, r)))
      all.push_back(std::move(split));
  return all;
}

std::vector<Split> group_k_fold(const SplitLabels& labels, const Array& groups, std::size_t n_splits) {
  const Array t = labels.checked("group_k_fold");
  std::vector<Indices> samples = samples_by_group("group_k_fold", t, groups, n_splits);
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Indices& a, const Indices& b) { return a.size() > b.size(); });
  Indices fold(t.size());
  Indices sizes(n_splits, 0);
  for (const Indices& group : samples) {
    const std::size_t f = smallest(sizes);
    sizes[f] += group.size();
    for (const std::size_t i : group) fold[i] = f;
  }
  return splits_of(fold, n_splits);
}

std::vector<Split> stratified_group_k_fold(const SplitLabels& labels, const Array& groups,
                                           std::size_t n_splits, std::uint64_t seed) {
  const Array t = labels.checked("stratified_group_k_fold");
  const std::vector<Indices> samples = samples_by_group("stratified_group_k_fold", t, groups, n_splits);
  const std::vector<std::vector<double>> counts = class_counts_of(samples, t);
  std::vector<double> spreads, totals(counts[0].size());
  for (const std::vector<double>& group : counts) {
    spreads.push_back(standard_deviation(group));
    for (std::size_t c = 0; c < group.size(); ++c) totals[c] += group[c];
  }
  Indices order = random::substream(seed, fold_stream).permutation(samples.size());
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return spreads[a] > spreads[b]; });
  Folds folds(n_splits, totals);
  Indices fold(t.size());
  for (const std::size_t g : order) {
    const std::size_t f = folds.best(counts[g]);
    folds.add(counts[g], f);
    for (const std::size_t i : samples[g]) fold[i] = f;
  }
  return splits_of(fold, n_splits);
}

}  // namespace tenbin
