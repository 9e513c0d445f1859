#include "tenbin/datasets/k_fold.h"

#include <algorithm>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/random.h"
#include "tenbin/datasets/detail/groups.h"

namespace tenbin {

namespace {

using Indices = std::vector<std::size_t>;
__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t fold_stream = 0x666f6c6473;

void require_folds(const char* function, std::size_t n_splits) {
  if (n_splits < 2) throw Error(function, ": expected at least 2 folds, got ", n_splits);
}

// fold[i]: the fold of sample i.
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
  std::size_t next = 0;  // continues from class to class, so that fold sizes differ by at most 1
  for (const auto& [c, samples] : detail::samples_by_class(t)) {
    if (samples.size() < n_splits)
      throw Error(function, ": class ", c, " has ", samples.size(), " samples, ", n_splits,
                  " folds need one each");
    for (const std::size_t i : generator.permutation(samples.size())) fold[samples[i]] = next++ % n_splits;
  }
  return splits_of(fold, n_splits);
}

std::vector<Indices> groups_for_folds(const char* function, const Array& t, const SplitGroups& groups,
                                      std::size_t n_splits) {
  require_folds(function, n_splits);
  std::vector<Indices> all = detail::samples_by_group(function, t, groups);
  if (all.size() < n_splits)
    throw Error(function, ": there are ", all.size(), " groups, ", n_splits, " folds need one each");
  return all;
}

std::size_t smallest(const Indices& sizes) {
  return static_cast<std::size_t>(std::min_element(sizes.begin(), sizes.end()) - sizes.begin());
}

// The variance of a group's class counts, times the square of the number of classes: an integer, so that ties
// are exact.
Wide spread_of(const Indices& counts) {
  Wide sum = 0, squares = 0;
  for (const std::size_t count : counts) {
    sum += count;
    squares += Wide{count} * count;
  }
  return counts.size() * squares - sum * sum;
}

// The folds while groups are assigned to them.
class Folds {
 public:
  Folds(std::size_t n_splits, Indices totals)
      : totals_(std::move(totals)), counts_(n_splits, Indices(totals_.size())), sizes_(n_splits) {}

  // The fold in which a group with these class counts leaves the folds most alike. An empty fold adds no cost
  // and is the smallest: it is chosen before all others.
  std::size_t best(const Indices& group) const {
    std::size_t best = 0;
    std::uint64_t least = 0;
    for (std::size_t f = 0; f < sizes_.size(); ++f) {
      const std::uint64_t cost = cost_of(group, counts_[f]);
      if (f == 0 || cost < least || (cost == least && sizes_[f] < sizes_[best])) {
        best = f;
        least = cost;
      }
    }
    return best;
  }

  void add(const Indices& group, std::size_t f) {
    for (std::size_t c = 0; c < group.size(); ++c) {
      counts_[f][c] += group[c];
      sizes_[f] += group[c];
    }
  }

 private:
  // Sum over the classes of g_c f_c / N_c^2: the part of the summed variance (over the folds, of each class's
  // share) that depends on the choice. In units of 2^-40, so that rounding does not break ties.
  std::uint64_t cost_of(const Indices& group, const Indices& fold) const {
    constexpr int bits = 64, dropped = 24;
    Wide cost = 0;
    for (std::size_t c = 0; c < group.size(); ++c)
      cost += (Wide{group[c]} * fold[c] << bits) / (Wide{totals_[c]} * totals_[c]);
    return static_cast<std::uint64_t>((cost + (Wide{1} << (dropped - 1))) >> dropped);
  }

  Indices totals_;               // by class
  std::vector<Indices> counts_;  // by fold, then class
  Indices sizes_;                // by fold
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

std::vector<Split> group_k_fold(const SplitLabels& labels, const SplitGroups& groups, std::size_t n_splits) {
  const Array t = labels.checked("group_k_fold");
  std::vector<Indices> samples = groups_for_folds("group_k_fold", t, groups, n_splits);
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

std::vector<Split> stratified_group_k_fold(const SplitLabels& labels, const SplitGroups& groups,
                                           std::size_t n_splits, std::uint64_t seed) {
  const Array t = labels.checked("stratified_group_k_fold");
  const std::vector<Indices> samples = groups_for_folds("stratified_group_k_fold", t, groups, n_splits);
  const std::vector<Indices> counts = detail::class_counts_of(samples, t);
  std::vector<Wide> spreads;
  Indices totals(counts[0].size());
  for (const Indices& group : counts) {
    spreads.push_back(spread_of(group));
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
